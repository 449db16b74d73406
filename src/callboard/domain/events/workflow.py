"""What happens in a workflow run beside its child runs and gates."""

from typing import Literal

from callboard.domain.actor import Actor
from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.events.event import Event
from callboard.domain.frozen import Frozen


class StepStarted(Event):
    """A step began; `attempt` counts from 1 per step."""

    type: Literal["step.started"] = "step.started"
    step: str
    attempt: int


class Considered(Frozen):
    """An agent that was looked at for a step, and why it was or was not chosen."""

    agent: str
    version: str
    finding: str


class StepAssigned(Event):
    """An agent was chosen for an attempt of a step, in exactly this version. `reason` says why this one."""

    type: Literal["step.assigned"] = "step.assigned"
    step: str
    attempt: int
    agent: str
    agent_version: str
    definition: AgentDefinition
    reason: str
    considered: tuple[Considered, ...] = ()


class StepPostponed(Event):
    """Nobody can do the step now: the run waits until somebody can. `reason` says whom it needs."""

    type: Literal["step.postponed"] = "step.postponed"
    step: str
    attempt: int
    reason: str
    considered: tuple[Considered, ...] = ()


class StepSkipped(Event):
    """The step is not needed: its condition does not hold. `reason` names the condition."""

    type: Literal["step.skipped"] = "step.skipped"
    step: str
    reason: str


class StepEnded(Event):
    """The engine derived the step's outcome from evidence. `reason` says why it was not passed."""

    type: Literal["step.ended"] = "step.ended"
    step: str
    attempt: int
    outcome: Literal["passed", "rejected", "failed"]
    reason: str = ""


class CheckStarted(Event):
    """The engine is about to verify check number `index` (from 0) of a step. `command` says what it verifies: of a
    command the command line.
    """

    type: Literal["check.started"] = "check.started"
    step: str
    attempt: int
    index: int
    command: str


class CheckCompleted(Event):
    """What the check came to. `exit_code` is that of a command, None where there was none or it was stopped;
    `output` is the tail of what it said, or what was found.
    """

    type: Literal["check.completed"] = "check.completed"
    step: str
    attempt: int
    index: int
    passed: bool
    exit_code: int | None
    output: str
    duration_ms: int = 0


class CommentAdded(Event):
    """Somebody said something about the task. It reaches the agents with their next prompt."""

    type: Literal["comment.added"] = "comment.added"
    actor: Actor
    text: str


class ChangeLanded(Event):
    """The change was handed on to the forge: `url` is where it can be seen, `problem` why that did not come about.
    The branch is there in any case.
    """

    type: Literal["change.landed"] = "change.landed"
    branch: str
    url: str | None = None
    problem: str | None = None


class ChangeCommitted(Event):
    """The change is a commit on a branch of the task's repository. `commit` is None where there was none."""

    type: Literal["change.committed"] = "change.committed"
    branch: str
    commit: str | None
