"""The closed set of event kinds: one union for code, one adapter for parsing."""

from typing import Annotated

from pydantic import Field, TypeAdapter

from callboard.domain.events.budget import BudgetReached
from callboard.domain.events.child_run import (
    ChildRunEnded,
    ChildRunRefused,
    ChildRunStarted,
    ChildRunSuspended,
)
from callboard.domain.events.conversation import (
    ContextCompacted,
    MessageAdded,
    MessagesReplaced,
    OutputSet,
    SubgoalRecorded,
)
from callboard.domain.events.files import FilesChanged
from callboard.domain.events.gate import (
    ApprovalGiven,
    GateDecided,
    GateExpired,
    GateOpened,
    GateWithdrawn,
)
from callboard.domain.events.loop import LoopDetected
from callboard.domain.events.model_call import (
    ModelCallCompleted,
    ModelCallFailed,
    ModelCallStarted,
    ModelReplaced,
)
from callboard.domain.events.program import (
    ProgramEnded,
    ProgramStarted,
    ProgramYielded,
    SampleCompleted,
    SampleFailed,
    SampleStarted,
)
from callboard.domain.events.run import (
    CancellationRequested,
    PolicyChanged,
    RunCancelled,
    RunCompleted,
    RunCreated,
    RunFailed,
    RunResumed,
)
from callboard.domain.events.tool_call import (
    ToolCallCompleted,
    ToolCallInterrupted,
    ToolCallRefused,
    ToolCallStarted,
)
from callboard.domain.events.workflow import (
    ChangeCommitted,
    ChangeLanded,
    CheckCompleted,
    CheckStarted,
    CommentAdded,
    StepAssigned,
    StepEnded,
    StepPostponed,
    StepSkipped,
    StepStarted,
)

AnyEvent = (
    RunCreated
    | RunResumed
    | PolicyChanged
    | CancellationRequested
    | RunCompleted
    | RunFailed
    | RunCancelled
    | ModelCallStarted
    | ModelCallCompleted
    | ModelCallFailed
    | ModelReplaced
    | ToolCallRefused
    | ToolCallStarted
    | ToolCallCompleted
    | ToolCallInterrupted
    | ChildRunStarted
    | ChildRunRefused
    | ChildRunSuspended
    | ChildRunEnded
    | ProgramStarted
    | ProgramYielded
    | ProgramEnded
    | SampleStarted
    | SampleCompleted
    | SampleFailed
    | MessageAdded
    | MessagesReplaced
    | ContextCompacted
    | SubgoalRecorded
    | OutputSet
    | FilesChanged
    | BudgetReached
    | LoopDetected
    | GateOpened
    | ApprovalGiven
    | GateDecided
    | GateExpired
    | GateWithdrawn
    | StepStarted
    | StepAssigned
    | StepPostponed
    | StepSkipped
    | StepEnded
    | CheckStarted
    | CheckCompleted
    | CommentAdded
    | ChangeCommitted
    | ChangeLanded
)

event_adapter: TypeAdapter[AnyEvent] = TypeAdapter(Annotated[AnyEvent, Field(discriminator="type")])
