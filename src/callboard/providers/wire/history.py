"""Conversations as vendors insist on them, decided message by message.

Every rule looks at a message and the one before it only, so that a message's bytes never change once
they are encoded.
"""

from callboard.domain.message import (
    JsonOutput,
    MediaOutput,
    Message,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    user_message,
)
from callboard.providers.wire.json_text import dumps
from callboard.providers.wire.reading import as_json

_BEGIN = user_message("Begin.")
_CONTINUE = user_message("Continue.")
_NO_RESULT = "No result of this call was recorded."


def settled(previous: Message | None, message: Message) -> list[Message]:
    """Return what is sent for `message` when it follows `previous` (None: it is the first).

    A conversation opens with the user. Each call is answered, by a stand-in if need be; a result
    without a call becomes text.
    """
    if message.role == "tool":
        return _settled_results(previous, message)
    if previous is None:
        return [_BEGIN, message] if message.role == "assistant" else [message]
    return [*_stand_ins(previous), message]


def closing(messages: tuple[Message, ...]) -> list[Message]:
    """Return what must follow the last message, so that it is the model's turn."""
    if not messages:
        return [_BEGIN]
    last = messages[-1]
    if last.role != "assistant":
        return []
    return _stand_ins(last) or [_CONTINUE]


def result_text(result: ToolResultPart) -> str:
    """Return what the model reads: a lone string as it is, anything else as compact JSON."""
    values = [output.value for output in result.output if isinstance(output, JsonOutput)]
    if len(values) == 1:
        value = values[0]
        return value if isinstance(value, str) else dumps(value).decode()
    if not values and result.output:
        return "(see the attached file)"
    return dumps(as_json(values)).decode()


def result_media(result: ToolResultPart) -> list[MediaOutput]:
    """Return the files that a tool returned."""
    return [output for output in result.output if isinstance(output, MediaOutput)]


def _open_calls(previous: Message | None) -> tuple[ToolCallPart, ...]:
    return previous.tool_calls if previous is not None and previous.role == "assistant" else ()


def _stand_ins(previous: Message) -> list[Message]:
    calls = _open_calls(previous)
    return [Message(role="tool", parts=tuple(map(_stand_in, calls)))] if calls else []


def _stand_in(call: ToolCallPart) -> ToolResultPart:
    output = (JsonOutput(value={"errorMessage": _NO_RESULT}),)
    return ToolResultPart(call_id=call.call_id, tool=call.tool, output=output, is_error=True)


def _settled_results(previous: Message | None, message: Message) -> list[Message]:
    calls = _open_calls(previous)
    results = {part.call_id: part for part in message.parts if isinstance(part, ToolResultPart)}
    answered = {call.call_id for call in calls}
    if answered == results.keys() and len(results) == len(message.parts):
        return [message]
    sent: list[Message] = []
    if calls:
        parts = tuple(results.get(call.call_id) or _stand_in(call) for call in calls)
        sent.append(Message(role="tool", parts=parts))
    loose = [part for part in results.values() if part.call_id not in answered]
    texts = [f"Result of {part.tool}: {result_text(part)}" for part in loose]
    texts += [part.text for part in message.parts if isinstance(part, TextPart)]
    if texts or not sent:
        sent.append(user_message("\n".join(texts)))
    return sent
