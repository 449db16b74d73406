"""What a workflow run adds up to."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from callboard.domain.events.child_run import ChildRunEnded, ChildRunStarted, ChildRunSuspended
from callboard.domain.events.files import FilesChanged
from callboard.domain.events.gate import ApprovalGiven, GateDecided, GateOpened
from callboard.domain.events.run import (
    CancellationRequested,
    RunCreated,
    Terminal,
    WorkflowSubject,
)
from callboard.domain.events.workflow import ChangeCommitted, CheckCompleted, StepEnded
from callboard.domain.run.state import status_of
from callboard.domain.usage import Bill, Usage


@dataclass(frozen=True)
class StepProgress:
    """The step that is under way: what is known of this attempt so far."""

    step: str
    attempt: int
    child: ChildRunStarted | None = None
    waiting: ChildRunSuspended | None = None
    ended: ChildRunEnded | None = None
    files: FilesChanged | None = None
    checks: tuple[CheckCompleted, ...] = ()
    decision: GateDecided | None = None


@dataclass(frozen=True)
class TaskState:
    """A workflow run at one point of its log.

    `attempts` counts starts per step; `history` holds the ended attempts in order. `files` is the last
    recorded change against the task's base.
    """

    run_id: str
    created: RunCreated
    subject: WorkflowSubject
    started_at: datetime
    at: datetime
    seq: int
    epoch: int = 1
    progress: StepProgress | None = None
    attempts: tuple[tuple[str, int], ...] = ()
    history: tuple[StepEnded, ...] = ()
    files: FilesChanged | None = None
    gate: GateOpened | None = None
    approvals: tuple[ApprovalGiven, ...] = ()
    gates_opened: int = 0
    commit: ChangeCommitted | None = None
    usage: Usage = Usage()
    bill: Bill = Bill()
    cancellation: CancellationRequested | None = None
    terminal: Terminal | None = None

    @property
    def status(self) -> Literal["running", "waiting", "completed", "failed", "cancelled"]:
        """Where the task stands."""
        if self.terminal is not None:
            return status_of(self.terminal)
        child_waits = self.progress is not None and self.progress.waiting is not None
        return "waiting" if self.gate is not None or child_waits else "running"

    def attempts_of(self, step: str) -> int:
        """Return how often a step was started."""
        return dict(self.attempts).get(step, 0)
