"""Calls that change only the run itself. The engine answers them; nothing outside is touched."""

from callboard.domain.events.conversation import MessageAdded, MessagesReplaced, OutputSet
from callboard.domain.events.tool_call import ToolCallCompleted
from callboard.domain.events.union import AnyEvent
from callboard.domain.message import Message, TextPart
from callboard.domain.run.state import Call, RunState
from callboard.domain.tool import json_outputs
from callboard.engine.transcript import from_language

END_TURN = "end_turn"


def control_events(state: RunState, call: Call) -> tuple[AnyEvent, ...]:
    """Return what a control call comes to. `call.arguments` are normalised ones."""
    arguments = call.arguments
    match call.tool:
        case "set_output":
            return (OutputSet(value=arguments.get("data")), _done(state, call, "Output set"))
        case "add_message":
            message = Message(
                role="assistant" if arguments.get("role") == "assistant" else "user",
                parts=(TextPart(text=str(arguments.get("content", ""))),),
            )
            return (MessageAdded(message=message), _done(state, call, "Message added."))
        case "set_messages":
            entries = arguments.get("messages")
            messages = from_language(entries if isinstance(entries, list) else [])
            return (MessagesReplaced(messages=messages), _done(state, call, "Messages set."))
        case "think_deeply":
            return (_done(state, call, "Thought logged."),)
        case "end_turn":
            return (_done(state, call, "Turn ended."),)
        case _:
            return (_done(state, call, "Noted."),)


def _done(state: RunState, call: Call, message: str) -> ToolCallCompleted:
    return ToolCallCompleted(
        turn=state.turn,
        call_id=call.call_id,
        tool=call.tool,
        output=json_outputs({"message": message}),
    )
