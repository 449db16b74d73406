"""What a workflow run adds up to."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.events.child_run import ChildRunEnded, ChildRunStarted, ChildRunSuspended
from callboard.domain.events.files import FilesChanged
from callboard.domain.events.gate import ApprovalGiven, Closing, GateOpened
from callboard.domain.events.run import (
    CancellationRequested,
    RunCreated,
    Terminal,
    WorkflowSubject,
)
from callboard.domain.events.workflow import (
    ChangeCommitted,
    ChangeLanded,
    CheckCompleted,
    CommentAdded,
    StepAssigned,
    StepEnded,
    StepPostponed,
    StepSkipped,
)
from callboard.domain.output import RunOutput
from callboard.domain.run.state import status_of
from callboard.domain.usage import Bill, Usage


@dataclass(frozen=True)
class StepProgress:
    """The step that is under way: what is known of this attempt so far. `tree` is how the files were before."""

    step: str
    attempt: int
    tree: str = ""
    child: ChildRunStarted | None = None
    assigned: StepAssigned | None = None
    postponed: StepPostponed | None = None
    waiting: ChildRunSuspended | None = None
    ended: ChildRunEnded | None = None
    files: FilesChanged | None = None
    checks: tuple[CheckCompleted, ...] = ()
    decision: Closing | None = None


@dataclass(frozen=True)
class TaskState:
    """A workflow run at one point of its log.

    `attempts` counts starts per step; `history` holds the ended attempts and the skipped steps in order. `cast` are
    the agents that worked so far, by step. `findings` are what steps that changed no file came to, for those after
    them. `files` is the last recorded change against the task's base.
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
    history: tuple[StepEnded | StepSkipped, ...] = ()
    cast: tuple[tuple[str, AgentDefinition], ...] = ()
    comments: tuple[CommentAdded, ...] = ()
    findings: tuple[tuple[str, RunOutput], ...] = ()
    files: FilesChanged | None = None
    gate: GateOpened | None = None
    approvals: tuple[ApprovalGiven, ...] = ()
    gates_opened: int = 0
    commit: ChangeCommitted | None = None
    landed: ChangeLanded | None = None
    usage: Usage = Usage()
    bill: Bill = Bill()
    cancellation: CancellationRequested | None = None
    terminal: Terminal | None = None

    @property
    def status(self) -> Literal["running", "waiting", "completed", "failed", "cancelled"]:
        """Where the task stands."""
        if self.terminal is not None:
            return status_of(self.terminal)
        progress = self.progress
        waits = progress is not None and (progress.waiting or progress.postponed)
        return "waiting" if self.gate is not None or waits else "running"

    @property
    def rejections(self) -> tuple[StepEnded, ...]:
        """The attempts that were rejected, in order."""
        ended = (one for one in self.history if isinstance(one, StepEnded))
        return tuple(one for one in ended if one.outcome == "rejected")

    def attempts_of(self, step: str) -> int:
        """Return how often a step was started."""
        return dict(self.attempts).get(step, 0)
