"""What is to be known about a workflow before it goes live: that every step has somebody, that people sign, that the
budget is enough.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from callboard.definitions.findings import Findings
from callboard.definitions.syntax.yaml_source import read_yaml
from callboard.domain.errors import CallboardError, DefinitionInvalid
from callboard.domain.org.principal import Principal, in_space
from callboard.domain.org.space import SPACES
from callboard.domain.workflow import AgentStep, PeopleStep, Step, WorkflowDefinition
from callboard.engine.tasks.order import dependents
from callboard.engine.tasks.routing import Candidate
from callboard.ports.casting import Part
from callboard.usecases.app import App, require
from callboard.usecases.workflows import checked_workflow

Held = Literal["yes", "no", "careful"]


@dataclass(frozen=True, slots=True)
class WorkflowCheck:
    """One thing about a workflow, and whether it is so. `detail` says why, or what to do about it."""

    title: str
    held: Held
    detail: str


def read_workflow(text: str) -> WorkflowDefinition:
    """Return the workflow in a YAML text.

    Raises:
        DefinitionInvalid: it holds none; carries every problem.
    """
    findings = Findings("workflow")
    raw = read_yaml(text, findings)
    if findings.problems:
        raise DefinitionInvalid(findings.problems)
    return checked_workflow(raw)


async def check_flow(
    app: App, who: Principal, definition: WorkflowDefinition, space: str | None
) -> list[WorkflowCheck]:
    """Return what is to be known about a definition as it would play in a space (None: in those that use it).

    Raises:
        NotAllowed: they may not look at workflows.
    """
    require(who, "workflow.read", in_space(space))
    where = space or await _some_space(app, who, definition.id)
    cast = [
        (step, await _candidates(app, definition, step, where))
        for step in definition.steps
        if isinstance(step, AgentStep)
    ]
    return [
        WorkflowCheck("Every path ends", "yes", f"{len(definition.steps)} steps, in no circle"),
        _somebody(cast),
        _able(cast),
        _signed(definition),
        _judged(definition),
        _afforded(definition),
    ]


async def _some_space(app: App, who: Principal, workflow: str) -> str:
    """Return a space that uses a workflow of the organisation, of those that somebody sees."""
    for kept in await app.records.find(SPACES):
        if kept.value.workflow == workflow and who.sees(kept.value.id):
            return kept.value.id
    return ""


async def _candidates(
    app: App, definition: WorkflowDefinition, step: AgentStep, space: str
) -> Sequence[Candidate]:
    part = Part(space, definition.id, step.id, step.agent, step.skills)
    try:
        return await app.ports.casting.candidates(part)
    except CallboardError:  # its definition cannot be read
        return ()


def _somebody(cast: Sequence[tuple[AgentStep, Sequence[Candidate]]]) -> WorkflowCheck:
    title = "There is somebody for every step"
    missing = [_needed(step) for step, found in cast if not found]
    if missing:
        return WorkflowCheck(title, "no", f"nobody for {'; '.join(missing)}")
    return WorkflowCheck(title, "yes", "agents are found by name or by skills")


def _able(cast: Sequence[tuple[AgentStep, Sequence[Candidate]]]) -> WorkflowCheck:
    """Say whether those who are there can work now: not paused, with a credential, within the budget."""
    title = "They can work now"
    kept = [
        f"{step.title}: {found[0].definition.id} {found[0].hindrance}"
        for step, found in cast
        if found and all(one.hindrance for one in found)
    ]
    if kept:
        return WorkflowCheck(title, "careful", "; ".join(kept))
    return WorkflowCheck(title, "yes", "nobody is paused, out of budget or without a credential")


def _needed(step: AgentStep) -> str:
    who = f"agent {step.agent}" if step.agent is not None else f"skills {', '.join(step.skills)}"
    return f"{step.title} ({who})"


def _signed(definition: WorkflowDefinition) -> WorkflowCheck:
    """Say whether a person signs after the last change: nothing that agents do comes after it."""
    title = "A person signs before it ends"
    people = [step for step in definition.steps if isinstance(step, PeopleStep)]
    makers = [step for step in definition.steps if isinstance(step, AgentStep) and not step.verdict]
    if not people:
        return WorkflowCheck(
            title, "careful", "no step is for people: changes end without a sign-off"
        )
    signing = [one.id for one in people]
    late = [step.title for step in makers if dependents(definition, step.id).isdisjoint(signing)]
    if late:
        return WorkflowCheck(title, "careful", f"nobody signs what is done in {', '.join(late)}")
    return WorkflowCheck(title, "yes", ", ".join(step.title for step in people))


def _judged(definition: WorkflowDefinition) -> WorkflowCheck:
    """Say whether whoever judges can send the work back to whoever did it."""
    title = "Rejected work goes back to its author"
    judges = [step for step in definition.steps if _can_reject(step)]
    stuck = [step.title for step in judges if step.on_reject is None]
    if stuck:
        return WorkflowCheck(
            title, "careful", f"{', '.join(stuck)}: a rejection repeats the step itself"
        )
    return WorkflowCheck(title, "yes", f"{len(judges)} steps may reject")


def _can_reject(step: Step) -> bool:
    return isinstance(step, PeopleStep) or step.verdict is not None


def _afforded(definition: WorkflowDefinition) -> WorkflowCheck:
    title = "The budget is enough for all steps"
    shares = {
        step.title: step.budget_share
        for step in definition.steps
        if isinstance(step, AgentStep) and step.budget_share is not None
    }
    total = sum(shares.values())
    if total > 1:
        return WorkflowCheck(title, "no", f"the steps may spend {total:.0%} of the task's budget")
    said = f"{total:.0%} of it is assigned to steps" if shares else "no step has a share of its own"
    return WorkflowCheck(title, "yes", said)
