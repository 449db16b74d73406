"""Tool calls, checks and helpers: each one row from its beginning to what it came to."""

from dataclasses import replace
from functools import partial

from callboard.domain.events.child_run import ChildRunEnded, ChildRunStarted, ChildRunSuspended
from callboard.domain.events.codec import Recorded
from callboard.domain.events.model_call import ModelCallCompleted
from callboard.domain.events.program import ProgramYielded
from callboard.domain.events.tool_call import (
    ToolCallCompleted,
    ToolCallInterrupted,
    ToolCallRefused,
    ToolCallStarted,
)
from callboard.domain.message import JsonObject
from callboard.domain.run.turn import requested_calls
from callboard.engine.thread.place import Update
from callboard.engine.thread.row import Body, Called, Helper
from callboard.engine.thread.words import about, one_line, outcome_of, output_text


class Arguments:
    """What the calls of each run were asked with, those of its last answer."""

    def __init__(self) -> None:
        self._of: dict[str, dict[str, JsonObject]] = {}

    def hear(self, recorded: Recorded) -> None:
        """Take an event."""
        event = recorded.event
        message = event.message if isinstance(event, ModelCallCompleted | ProgramYielded) else None
        if not isinstance(event, ModelCallCompleted | ProgramYielded) or message is None:
            return
        written = {one.call_id: one.arguments or {} for one in message.tool_calls}
        asked = requested_calls(event.requests, message.tool_calls)
        self._of[recorded.run_id] = written | {one.call_id: one.arguments for one in asked}

    def of(self, run_id: str, call_id: str) -> JsonObject | None:
        """Return the arguments of a call; None where its asking was not heard."""
        return self._of.get(run_id, {}).get(call_id)


def told(recorded: Recorded, asked: Arguments) -> Update | None:
    """Return what an event of a call or a helper does to its row; None for any other event."""
    run_id = recorded.run_id
    match recorded.event:
        case ToolCallStarted() as event:
            arguments = asked.of(run_id, event.call_id)
            return _of(recorded, event, begins=True, made=partial(_started, event, arguments))
        case ToolCallCompleted() as event:
            arguments = asked.of(run_id, event.call_id)
            return _of(recorded, event, made=partial(_completed, recorded.seq, event, arguments))
        case ToolCallRefused() as event:
            arguments = asked.of(run_id, event.call_id)
            return _of(recorded, event, made=partial(_refused, event, arguments))
        case ToolCallInterrupted() as event:
            return _of(recorded, event, made=partial(_interrupted, event))
        case ChildRunStarted() as event:
            made = Helper(event.agent_name, event.child_run_id)
            return Update(("child", event.child_run_id), lambda _: made, begins=True)
        case ChildRunSuspended() as event:
            return Update(("child", event.child_run_id), partial(_waits, event), begins=True)
        case ChildRunEnded() as event:
            return Update(("child", event.child_run_id), partial(_over, event), begins=False)
        case _:
            return None


def _of(
    recorded: Recorded,
    event: ToolCallStarted | ToolCallCompleted | ToolCallRefused | ToolCallInterrupted,
    *,
    made: "partial[Body | None]",
    begins: bool = False,
) -> Update:
    return Update(("call", recorded.run_id, str(event.turn), event.call_id), made, begins=begins)


def _started(event: ToolCallStarted, arguments: JsonObject | None, before: Body | None) -> Called:
    again = isinstance(before, Called)  # its process died, and it is made once more
    return Called(event.tool, about(arguments or {}), arguments, "running", again=again)


def _completed(
    seq: int, event: ToolCallCompleted, arguments: JsonObject | None, before: Body | None
) -> Called:
    known = before if isinstance(before, Called) else None
    if known is None:
        known = Called(event.tool, about(arguments or {}), arguments, "running")
    return replace(
        known,
        state="failed" if event.is_error else "done",
        outcome=outcome_of(event),
        took_ms=event.duration_ms,
        result_seq=seq,
    )


def _refused(event: ToolCallRefused, arguments: JsonObject | None, before: Body | None) -> Called:
    del before  # a call that is refused never began
    said = one_line(event.message)
    return Called(event.tool, about(arguments or {}), arguments, "refused", said)


def _interrupted(event: ToolCallInterrupted, before: Body | None) -> Body | None:
    if not isinstance(before, Called):
        return None
    return replace(before, state="unknown", outcome=one_line(event.message))


def _waits(event: ChildRunSuspended, before: Body | None) -> Body | None:
    if not isinstance(before, Helper):
        return None
    return replace(before, state="waiting", question=event.question)


def _over(event: ChildRunEnded, before: Body | None) -> Body | None:
    if not isinstance(before, Helper):
        return None
    message = one_line(output_text(event.output)) if event.status != "completed" else ""
    return replace(before, state=event.status, question="", bill=event.bill, message=message)
