"""The conversation in the definition language's own shape, for outputs, programs and `set_messages`.

The language has one tool message per result where we have one per turn; apart from that, what is read back
is what was written.
"""

from typing import cast

from pydantic import JsonValue, TypeAdapter, ValidationError

from callboard.domain.message import (
    JsonObject,
    JsonOutput,
    MediaPart,
    Message,
    Part,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolOutput,
    ToolResultPart,
)

_output: TypeAdapter[ToolOutput] = TypeAdapter(ToolOutput)
_LIVES = {"turn": "agentStep", "run": "userPrompt"}
_EXPIRIES = {name: life for life, name in _LIVES.items()}


def to_language(messages: tuple[Message, ...], *, whole: bool = False) -> tuple[JsonValue, ...]:
    """Return messages as the language has them: one tool message per result, content as lists of parts.

    `whole` adds what a program must hand back unharmed: tags, lifetimes, and what vendors want to see again.
    """
    return tuple(entry for message in messages for entry in _entries(message, whole=whole))


def _entries(message: Message, *, whole: bool) -> list[JsonValue]:
    if message.role != "tool":
        content: list[JsonValue] = [_part(part, whole=whole) for part in message.parts]
        entry: JsonObject = {"role": message.role, "content": content}
        if not whole:
            return [entry]
        if message.tags:
            entry["tags"] = list(message.tags)
        if message.expires is not None:
            entry["timeToLive"] = _LIVES[message.expires]
        return [entry]
    return [
        _result_entry(part, whole=whole)
        for part in message.parts
        if isinstance(part, ToolResultPart)
    ]


def _result_entry(part: ToolResultPart, *, whole: bool) -> JsonObject:
    entry: JsonObject = {
        "role": "tool",
        "toolName": part.tool,
        "toolCallId": part.call_id,
        "content": [output.model_dump(mode="json") for output in part.output],
    }
    if part.is_error and whole:
        entry["isError"] = True
    return entry


def _part(part: Part, *, whole: bool) -> JsonObject:
    match part:
        case TextPart():
            return {"type": "text", "text": part.text}
        case ReasoningPart():
            thought: JsonObject = {"type": "reasoning", "text": part.text}
            return _with_details(thought, part.details if whole else None)
        case MediaPart():
            return {"type": "media", "mediaType": part.media_type, "data": part.data}
        case ToolCallPart():
            call: JsonObject = {
                "type": "tool-call",
                "toolCallId": part.call_id,
                "toolName": part.tool,
                "input": part.arguments if part.arguments is not None else part.raw,
            }
            return _with_details(call, part.details if whole else None)
        case ToolResultPart():
            return {"type": "tool-result", "toolCallId": part.call_id, "toolName": part.tool}


def _with_details(entry: JsonObject, details: JsonObject | None) -> JsonObject:
    return entry if details is None else {**entry, "details": details}


def from_language(entries: list[JsonValue]) -> tuple[Message, ...]:
    """Return messages from the language's shape; what cannot be read becomes text, nothing is dropped."""
    messages: list[Message] = []
    for entry in entries:
        message = _message(entry)
        last = messages[-1] if messages else None
        if message.role == "tool" and last is not None and last.role == "tool":
            messages[-1] = last.model_copy(update={"parts": (*last.parts, *message.parts)})
        else:
            messages.append(message)
    return tuple(messages)


def _message(entry: JsonValue) -> Message:
    if not isinstance(entry, dict):
        return Message(role="user", parts=(TextPart(text=str(entry)),))
    content = entry.get("content")
    if entry.get("role") == "tool":
        return Message(role="tool", parts=(_result(entry, content),))
    parts = content if isinstance(content, list) else [content]
    tags = entry.get("tags")
    life = entry.get("timeToLive")
    return Message(
        role="assistant" if entry.get("role") == "assistant" else "user",
        parts=tuple(_read_part(part) for part in parts),
        tags=tuple(str(tag) for tag in tags) if isinstance(tags, list) else (),
        expires=cast("None", _EXPIRIES.get(life)) if isinstance(life, str) else None,
    )


def _result(entry: JsonObject, content: JsonValue) -> ToolResultPart:
    outputs = content if isinstance(content, list) else [content]
    return ToolResultPart(
        call_id=str(entry.get("toolCallId", "")),
        tool=str(entry.get("toolName", "")),
        output=tuple(_read_output(item) for item in outputs),
        is_error=entry.get("isError") is True,
    )


def _read_output(item: JsonValue) -> ToolOutput:
    try:
        return _output.validate_python(item)
    except ValidationError:
        return JsonOutput(
            value=item["value"] if isinstance(item, dict) and "value" in item else item
        )


def _read_part(part: JsonValue) -> Part:
    if not isinstance(part, dict):
        return TextPart(text="" if part is None else str(part))
    details = part.get("details")
    kept = details if isinstance(details, dict) else None
    match part:
        case {"type": "tool-call", "input": dict() | str() | None}:
            return _read_call(part, kept)
        case {"type": "reasoning", "text": str(text)}:
            return ReasoningPart(text=text, details=kept)
        case {"type": "media" | "image" | "file", "mediaType": str(kind), "data": str(data)}:
            return MediaPart(media_type=kind, data=data)
        case _:
            return TextPart(text=str(part.get("text", part)))


def _read_call(part: JsonObject, details: JsonObject | None) -> ToolCallPart:
    given = part.get("input")
    return ToolCallPart(
        call_id=str(part.get("toolCallId", "")),
        tool=str(part.get("toolName", "")),
        arguments=given if isinstance(given, dict) else None,
        raw=given if isinstance(given, str) else None,
        details=details,
    )
