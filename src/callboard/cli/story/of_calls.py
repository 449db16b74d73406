"""Tool calls, each told when its outcome is known."""

from callboard.cli.calls import describe_call, describe_changes, describe_outcome
from callboard.cli.plain import one_line
from callboard.cli.story.line import Piece
from callboard.domain.events.child_run import ChildRunRefused
from callboard.domain.events.files import FilesChanged
from callboard.domain.events.model_call import ModelCallCompleted
from callboard.domain.events.program import ProgramYielded
from callboard.domain.events.tool_call import (
    CallRequest,
    ToolCallCompleted,
    ToolCallInterrupted,
    ToolCallRefused,
)
from callboard.domain.events.union import AnyEvent
from callboard.domain.message import Message
from callboard.domain.run.turn import requested_calls

_SILENT = frozenset({"end_turn", "spawn_agents", "spawn_agent_inline"})
"""Calls that other pieces tell about."""


class OfCalls:
    """Tells about calls. `open` are those without an outcome, by run and call id."""

    def __init__(self) -> None:
        self.open: dict[tuple[str, str], str] = {}

    def tell(self, run_id: str, event: AnyEvent) -> list[Piece]:
        """Return the pieces for an event."""
        match event:
            case ModelCallCompleted():
                self._asked(run_id, event.message, event.requests)
                return []
            case ProgramYielded():
                if event.message is not None:
                    self._asked(run_id, event.message, event.requests)
                return []
            case ToolCallCompleted():
                return self._completed(run_id, event)
            case ToolCallRefused():
                call = self.open.pop((run_id, event.call_id), one_line(event.tool, 40))
                return [Piece(call, "bad", outcome=f"refused: {one_line(event.message)}")]
            case ToolCallInterrupted():
                call = self.open.pop((run_id, event.call_id), "a call")
                return [Piece(call, "bad", outcome="interrupted, outcome unknown")]
            case ChildRunRefused():
                text = f"cannot start {one_line(event.agent, 40)}"
                return [Piece(text, "bad", outcome=one_line(event.message))]
            case FilesChanged() if event.turn:
                return [Piece(text, "good") for text in describe_changes(event.changes)]
            case _:
                return []

    def _asked(self, run_id: str, message: Message, requests: tuple[CallRequest, ...]) -> None:
        for call in requested_calls(requests, message.tool_calls):
            self.open[run_id, call.call_id] = describe_call(call.tool, call.arguments)

    def _completed(self, run_id: str, event: ToolCallCompleted) -> list[Piece]:
        call = self.open.pop((run_id, event.call_id), event.tool)
        if event.tool in _SILENT and not event.is_error:
            return []
        return [Piece(call, "bad" if event.is_error else "note", outcome=describe_outcome(event))]
