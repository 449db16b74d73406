"""What happens in a workflow run beside its child runs and gates."""

from typing import Literal

from callboard.domain.events.event import Event


class StepStarted(Event):
    """A step began; `attempt` counts from 1 per step."""

    type: Literal["step.started"] = "step.started"
    step: str
    attempt: int


class StepEnded(Event):
    """The engine derived the step's outcome from evidence. `reason` says why it was not passed."""

    type: Literal["step.ended"] = "step.ended"
    step: str
    attempt: int
    outcome: Literal["passed", "rejected", "failed"]
    reason: str = ""


class CheckStarted(Event):
    """The engine is about to verify check number `index` (from 0) of a step."""

    type: Literal["check.started"] = "check.started"
    step: str
    attempt: int
    index: int
    command: str


class CheckCompleted(Event):
    """What the check came to. `exit_code` is None where the command was stopped; `output` is its tail."""

    type: Literal["check.completed"] = "check.completed"
    step: str
    attempt: int
    index: int
    passed: bool
    exit_code: int | None
    output: str
    duration_ms: int = 0


class ChangeCommitted(Event):
    """The change is a commit on a branch of the task's repository. `commit` is None where there was none."""

    type: Literal["change.committed"] = "change.committed"
    branch: str
    commit: str | None
