"""What is to be known of a run to say what one of its events means."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.definition.model_choice import ModelChoice
from callboard.domain.definition.serving import served_by
from callboard.domain.events.child_run import ChildRunSuspended
from callboard.domain.events.codec import Recorded
from callboard.domain.events.gate import GateOpened
from callboard.domain.events.model_call import ModelReplaced
from callboard.domain.events.run import AgentSubject, RunCreated, RunResumed
from callboard.domain.events.workflow import StepPostponed

_RESTS: Final = GateOpened | ChildRunSuspended | StepPostponed


@dataclass(frozen=True, slots=True)
class RunFacts:
    """A run: which agent or workflow, below which runs, since when, and the model that is asked at present.

    `name`, `version` and `agent` are empty for a workflow's run, `workflow` for an agent's. It `rests` from where it waits
    for somebody until a process goes on with it; it `was_left` where the last one that went on found it in the middle.
    """

    run_id: str
    root_id: str
    parent_id: str | None
    began_at: datetime
    agent: str = ""
    name: str = ""
    version: str = ""
    workflow: str = ""
    model: str = ""
    provider: str = ""
    own_provider: str | None = None
    chain: tuple[ModelChoice, ...] = ()
    rests: bool = False
    was_left: bool = False

    @property
    def kind(self) -> str:
        """What runs: `agent` or `workflow`."""
        return "workflow" if self.workflow else "agent"


def facts_after(facts: RunFacts | None, recorded: Recorded) -> RunFacts | None:
    """Return what is known of a run after an event; None as long as its first one was not seen."""
    event = recorded.event
    if isinstance(event, RunCreated):
        return _created(recorded, event)
    if facts is not None and isinstance(event, _RESTS):
        return replace(facts, rests=True)
    if facts is not None and isinstance(event, RunResumed):
        return replace(facts, rests=False, was_left=not facts.rests)
    if facts is not None and isinstance(event, ModelReplaced):
        choice = facts.chain[event.position - 1] if event.position <= len(facts.chain) else None
        named = facts.own_provider if choice is None else choice.provider or facts.own_provider
        return replace(facts, model=event.model, provider=served_by(named, event.model))
    return facts


def facts_of(log: Sequence[Recorded]) -> RunFacts | None:
    """Return what is known of a run after these events from its beginning."""
    facts: RunFacts | None = None
    for recorded in log:
        facts = facts_after(facts, recorded)
    return facts


def _created(recorded: Recorded, event: RunCreated) -> RunFacts:
    parent, subject = event.parent, event.subject
    facts = RunFacts(
        run_id=recorded.run_id,
        root_id=recorded.run_id if parent is None else parent.root_id,
        parent_id=None if parent is None else parent.run_id,
        began_at=recorded.at,
    )
    if not isinstance(subject, AgentSubject):
        return replace(facts, workflow=subject.workflow.id)
    definition = subject.definition
    own = subject.chain[0].provider if subject.chain else None
    return replace(
        facts,
        agent=_full_id(definition),
        name=definition.display_name,
        version=definition.version or definition.digest[:12],
        model=subject.model,
        provider=served_by(own or definition.provider, subject.model),
        own_provider=definition.provider,
        chain=subject.chain,
    )


def _full_id(definition: AgentDefinition) -> str:
    return f"{definition.publisher}/{definition.id}" if definition.publisher else definition.id
