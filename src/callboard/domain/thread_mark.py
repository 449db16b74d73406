"""Where an event stands in the thread of its run: what it is found under, how long it took, what it cost.

A small projection of one event, kept beside the log so that a window of a long thread, its counts and its time
strip need not open a single body.
"""

from datetime import datetime
from decimal import Decimal
from typing import Final, NamedTuple

from callboard.domain.events.budget import BudgetReached
from callboard.domain.events.child_run import (
    ChildRunEnded,
    ChildRunRefused,
    ChildRunStarted,
    ChildRunSuspended,
)
from callboard.domain.events.codec import Recorded
from callboard.domain.events.conversation import (
    ContextCompacted,
    MessageAdded,
    MessagesReplaced,
    OutputSet,
    SubgoalRecorded,
)
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
    ProgramStarted,
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
from callboard.domain.events.tool_call import ToolCallInterrupted, ToolCallStarted
from callboard.domain.events.union import AnyEvent
from callboard.domain.events.workflow import (
    ChangeCommitted,
    CheckStarted,
    CommentAdded,
    StepAssigned,
    StepPostponed,
    StepSkipped,
    StepStarted,
)

ROW: Final = 1
"""A row of the thread begins with it: what people call everything."""
MESSAGES: Final = 2
TOOLS: Final = 4
CHANGES: Final = 8
DECISIONS: Final = 16
FAILURES: Final = 32
BY_MODEL: Final = 64
"""The end of some time that a model took."""
BY_TOOL: Final = 128
"""The end of some time that a tool or a check took."""
SHARED: Final = 256
"""It makes one row together with others of its run, none of which is further away than the next beginning."""
BEGINS: Final = 512
"""What belongs together begins anew with it: an answer with its calls, a program's yield, a step."""

FACETS: Final = (ROW, MESSAGES, TOOLS, CHANGES, DECISIONS, FAILURES)
"""What people filter a thread by."""


class Mark(NamedTuple):
    """An event in a few numbers. `facets` are the bits above, `took_ms` is milliseconds, `nano_usd` what the event
    itself cost as far as that is known, in billionths of a dollar.
    """

    at: datetime
    facets: int
    took_ms: int = 0
    nano_usd: int = 0


def mark_of(recorded: Recorded) -> Mark:
    """Return the mark of an event."""
    event = recorded.event
    facets = _FIXED.get(type(event))
    if facets is None:
        facets = _facets(event)
    match event.type:
        case "model_call.completed" | "sample.completed":
            return Mark(recorded.at, facets, event.duration_ms, _nano(event.cost_usd))
        case "tool_call.completed" | "check.completed":
            return Mark(recorded.at, facets, event.duration_ms)
        case _:
            return Mark(recorded.at, facets)


def _nano(cost_usd: Decimal | None) -> int:
    return 0 if cost_usd is None else int(cost_usd.scaleb(9))


_NOTHING: Final = 0
_FIXED: Final[dict[type[AnyEvent], int]] = {
    RunCreated: ROW,
    RunResumed: ROW,
    PolicyChanged: ROW | DECISIONS,
    CancellationRequested: ROW | DECISIONS,
    RunCompleted: ROW,
    RunFailed: ROW | FAILURES,
    RunCancelled: ROW,
    ModelCallStarted: _NOTHING,
    ModelCallFailed: ROW | FAILURES | BY_MODEL,
    ModelReplaced: ROW,
    ToolCallStarted: ROW | TOOLS | SHARED,
    ToolCallInterrupted: FAILURES | BY_TOOL | SHARED,
    ChildRunStarted: ROW | SHARED,
    ChildRunRefused: ROW | FAILURES,
    ChildRunSuspended: SHARED,
    ChildRunEnded: SHARED,
    ProgramStarted: _NOTHING,
    SampleStarted: _NOTHING,
    SampleCompleted: ROW | BY_MODEL,
    SampleFailed: ROW | FAILURES | BY_MODEL,
    MessageAdded: ROW | MESSAGES,
    MessagesReplaced: ROW,
    ContextCompacted: ROW,
    SubgoalRecorded: ROW,
    OutputSet: ROW,
    BudgetReached: ROW | FAILURES,
    LoopDetected: ROW | FAILURES,
    GateOpened: ROW | DECISIONS | SHARED,
    ApprovalGiven: SHARED,
    GateDecided: SHARED,
    GateExpired: SHARED,
    GateWithdrawn: SHARED,
    StepStarted: ROW | BEGINS,
    StepAssigned: ROW,
    StepPostponed: ROW,
    StepSkipped: ROW,
    CheckStarted: ROW | TOOLS | SHARED,
    CommentAdded: ROW | MESSAGES,
    ChangeCommitted: ROW | CHANGES,
}


def _facets(event: AnyEvent) -> int:
    """Return the facets of those kinds where they depend on what an event says."""
    match event.type:
        case "model_call.completed":
            return BY_MODEL | _of_answer(event)
        case "program.yielded":
            said = event.message is not None and event.shown and bool(event.message.text.strip())
            begins = BEGINS | SHARED if event.requests or event.message is not None else _NOTHING
            told = ROW | MESSAGES if said else (ROW if event.logs else _NOTHING)
            return told | begins
        case "program.ended":
            failed = event.ending != "returned"
            return ROW | FAILURES if failed else (ROW if event.logs else _NOTHING)
        case "tool_call.refused":
            wanted = event.reason == "cancelled"
            return ROW | TOOLS | SHARED | (_NOTHING if wanted else FAILURES)
        case "tool_call.completed":
            return BY_TOOL | SHARED | _failing(event.is_error)
        case "files.changed":  # a task's own record repeats what its agents' runs have told
            return ROW | CHANGES if event.changes and event.turn else _NOTHING
        case "step.ended":
            return ROW | _failing(event.outcome != "passed")
        case "check.completed":
            return BY_TOOL | SHARED | _failing(not event.passed)
        case "change.landed":
            return ROW | CHANGES | _failing(event.problem is not None)
        case _:
            return _unplaced(event)


def _of_answer(event: ModelCallCompleted) -> int:
    calls = event.message.tool_calls
    begins = BEGINS | SHARED if calls else _NOTHING
    if event.message.text.strip():
        return ROW | MESSAGES | begins
    return begins if calls else ROW | FAILURES  # an answer without anything in it


def _failing(fails: bool) -> int:
    return FAILURES if fails else _NOTHING


def _unplaced(event: AnyEvent) -> int:
    raise AssertionError(f"{event.type} has no place in the thread")
