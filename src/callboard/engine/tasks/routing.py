"""Choosing who does a step: the same candidates always give the same choice, with the reason beside it.

Work that was sent back goes to whoever did it. Else, of those who can work, an agent that the workflow prefers comes
first, then who was accepted more often at this step lately, then who cost less for it, then who has less to do, then
the alphabet.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.events.workflow import Considered, StepAssigned, StepPostponed
from callboard.domain.task_run.state import TaskState
from callboard.domain.workflow import AgentStep
from callboard.engine.tasks.order import step_named

Cast = StepAssigned | StepPostponed

_LOOKED_AT = 20
"""How many agents an event names at most."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An agent that could do a step, in the version that would do it.

    `hindrance` is why it cannot now (paused, no credential, at its cap); empty where it can. `accepted` of
    `finished` attempts at this step were passed lately, for `cost_usd` each (None: not known). `load` is how many
    runs it has under way. `note` is what else is to be said of the choice.
    """

    definition: AgentDefinition
    version: str
    hindrance: str = ""
    note: str = ""
    accepted: int = 0
    finished: int = 0
    cost_usd: Decimal | None = None
    load: int = 0


def cast_step(
    state: TaskState, step: AgentStep, attempt: int, candidates: Sequence[Candidate]
) -> Cast:
    """Return who does an attempt of a step, or that nobody can do it now and whom it needs."""
    before = next((agent.id for name, agent in reversed(state.cast) if name == step.id), None)
    ranked = sorted(candidates, key=lambda one: (one.definition.id != before, *_rank(step, one)))
    hindrances = [one.hindrance or _against(state, step, one) for one in ranked]
    chosen = next((n for n, hindrance in enumerate(hindrances) if not hindrance), None)
    considered = tuple(
        Considered(
            agent=one.definition.id,
            version=one.version,
            finding=hindrance or (_merits(step, one) if n != chosen else "chosen"),
        )
        for n, (one, hindrance) in enumerate(zip(ranked, hindrances, strict=True))
    )[:_LOOKED_AT]
    if chosen is None:
        return StepPostponed(
            step=step.id,
            attempt=attempt,
            reason=_needed(step, ranked, hindrances),
            considered=considered,
        )
    one = ranked[chosen]
    return StepAssigned(
        step=step.id,
        attempt=attempt,
        agent=one.definition.id,
        agent_version=one.version,
        definition=one.definition,
        reason="; ".join(filter(None, (_reason(step, one, len(ranked), before), one.note))),
        considered=considered,
    )


def _rank(step: AgentStep, one: Candidate) -> tuple[object, ...]:
    name = one.definition.id
    preference = step.prefer.index(name) if name in step.prefer else len(step.prefer)
    cost = one.cost_usd if one.cost_usd is not None else Decimal("Infinity")
    return (preference, -_acceptance(one), cost, one.load, name)


def _acceptance(one: Candidate) -> float:
    """Return how often somebody was accepted, drawn towards a half while little is known."""
    return (one.accepted + 1) / (one.finished + 2)


def model_family(model: str) -> str:
    """Return whose model it is: what stands before the first slash, or the name's first word."""
    vendor, slash, _ = model.partition("/")
    return vendor if slash else model.partition("-")[0]


def _against(state: TaskState, step: AgentStep, one: Candidate) -> str:
    """Return in what a candidate must differ from the authors and does not."""
    workflow = state.subject.workflow
    authors = [
        agent
        for name, agent in state.cast
        if name != step.id and _changes_files(step_named(workflow, name))
    ]
    if "agent" in step.separate and any(one.definition.id == author.id for author in authors):
        return "wrote what is to be judged here"
    families = {model_family(author.model) for author in authors}
    if "model_family" in step.separate and model_family(one.definition.model) in families:
        return f"has a model of the author's family ({model_family(one.definition.model)})"
    return ""


def _changes_files(step: object) -> bool:
    return isinstance(step, AgentStep) and step.verdict is None


def _reason(step: AgentStep, one: Candidate, of: int, before: str | None) -> str:
    if step.agent is not None:
        return "named by the workflow"
    if one.definition.id == before:
        return "did it before"
    has = f"has {', '.join(step.skills)}"
    if one.definition.id in step.prefer:
        return f"{has}; preferred by the workflow"
    return f"{has}; {'the only one' if of == 1 else f'first of {of}: {_merits(step, one)}'}"


def _merits(step: AgentStep, one: Candidate) -> str:
    preferred = "preferred, " if one.definition.id in step.prefer else ""
    cost = "cost unknown" if one.cost_usd is None else f"${one.cost_usd:.4f} each"
    done = f"{one.accepted} of {one.finished} accepted" if one.finished else "nothing done here yet"
    return f"{preferred}{done}, {cost}, {one.load} under way"


def _needed(step: AgentStep, ranked: Sequence[Candidate], hindrances: Sequence[str]) -> str:
    whom = (
        f"agent {step.agent}"
        if step.agent is not None
        else f"an agent with {', '.join(step.skills)}"
    )
    if not ranked:
        return f"{step.title} needs {whom}, and there is none here"
    found = "; ".join(
        f"{one.definition.id}: {hindrance}"
        for one, hindrance in zip(ranked[:3], hindrances[:3], strict=True)
    )
    return f"{step.title} needs {whom}: {found}"
