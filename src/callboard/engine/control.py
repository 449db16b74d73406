"""Calls that change only the run itself. The engine answers them; nothing outside is touched."""

from callboard.domain.events.conversation import MessageAdded, MessagesReplaced, OutputSet
from callboard.domain.events.gate import GateDecided
from callboard.domain.events.tool_call import ToolCallCompleted
from callboard.domain.events.union import AnyEvent
from callboard.domain.message import Message, TextPart
from callboard.domain.run.call import Call
from callboard.domain.run.state import RunState
from callboard.engine.compaction import compaction_now
from callboard.engine.subgoals import completed_call, subgoal_events
from callboard.engine.transcript import from_language

ASK_USER = "ask_user"

_SAID = {
    "end_turn": "Turn ended.",
    "suggest_followups": "Followups suggested!",
    "task_completed": "Task completed.",
    "think_deeply": "Thought logged.",
    "write_todos": "Todos written",
}


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
        case "add_subgoal" | "update_subgoal":
            return subgoal_events(state, call)
        case "compact_history":
            limit = arguments.get("maxContextLength")
            compaction = compaction_now(state, limit if isinstance(limit, int) else None)
            return (compaction, _done(state, call, "History compacted."))
        case "ask_user":
            return (_answered(state, call),)
        case _:
            return (_done(state, call, _SAID.get(call.tool, "Noted.")),)


def _answered(state: RunState, call: Call) -> ToolCallCompleted:
    """Return the outcome of a question: the answers of whoever decided last about it, or that it was
    skipped.
    """
    decision = next(
        (
            decision
            for gate, decision in reversed(state.decisions)
            if gate.reason == "input_required" and gate.subject == call.call_id
        ),
        None,
    )
    if not isinstance(decision, GateDecided) or decision.verdict == "reject":
        return completed_call(state, call, {"skipped": True})
    given = decision.answer
    if isinstance(given, dict) and "answers" in given:
        return completed_call(state, call, given)
    text = given if isinstance(given, str) else decision.note
    return completed_call(state, call, {"answers": [{"questionIndex": 0, "otherText": text}]})


def _done(state: RunState, call: Call, message: str) -> ToolCallCompleted:
    return completed_call(state, call, {"message": message})
