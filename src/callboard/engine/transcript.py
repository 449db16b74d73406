"""The conversation in the definition language's own shape, for outputs and for `set_messages`."""

from pydantic import JsonValue

from callboard.domain.message import (
    JsonObject,
    JsonOutput,
    MediaPart,
    Message,
    Part,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)


def to_language(messages: tuple[Message, ...]) -> tuple[JsonValue, ...]:
    """Return messages as the language has them: one tool message per result, content as lists of parts."""
    return tuple(entry for message in messages for entry in _entries(message))


def _entries(message: Message) -> list[JsonValue]:
    if message.role != "tool":
        content: list[JsonValue] = [_part(part) for part in message.parts]
        return [{"role": message.role, "content": content}]
    return [
        {
            "role": "tool",
            "toolName": part.tool,
            "toolCallId": part.call_id,
            "content": [output.model_dump(mode="json") for output in part.output],
        }
        for part in message.parts
        if isinstance(part, ToolResultPart)
    ]


def _part(part: Part) -> JsonObject:
    match part:
        case TextPart():
            return {"type": "text", "text": part.text}
        case ReasoningPart():
            return {"type": "reasoning", "text": part.text}
        case MediaPart():
            return {"type": "media", "mediaType": part.media_type, "data": part.data}
        case ToolCallPart():
            return {
                "type": "tool-call",
                "toolCallId": part.call_id,
                "toolName": part.tool,
                "input": part.arguments if part.arguments is not None else part.raw,
            }
        case ToolResultPart():
            return {"type": "tool-result", "toolCallId": part.call_id, "toolName": part.tool}


def from_language(entries: list[JsonValue]) -> tuple[Message, ...]:
    """Return messages from the language's shape; what cannot be read becomes text, nothing is dropped."""
    return tuple(_message(entry) for entry in entries)


def _message(entry: JsonValue) -> Message:
    if not isinstance(entry, dict):
        return Message(role="user", parts=(TextPart(text=str(entry)),))
    role = entry.get("role")
    content = entry.get("content")
    if role == "tool":
        return Message(role="tool", parts=(_result(entry, content),))
    parts = content if isinstance(content, list) else [content]
    return Message(
        role="assistant" if role == "assistant" else "user",
        parts=tuple(_read_part(part) for part in parts),
    )


def _result(entry: JsonObject, content: JsonValue) -> ToolResultPart:
    outputs = content if isinstance(content, list) else [content]
    return ToolResultPart(
        call_id=str(entry.get("toolCallId", "")),
        tool=str(entry.get("toolName", "")),
        output=tuple(
            JsonOutput(value=item["value"] if isinstance(item, dict) and "value" in item else item)
            for item in outputs
        ),
    )


def _read_part(part: JsonValue) -> Part:
    if not isinstance(part, dict):
        return TextPart(text="" if part is None else str(part))
    arguments = part.get("input")
    if part.get("type") == "tool-call" and isinstance(arguments, dict):
        return ToolCallPart(
            call_id=str(part.get("toolCallId", "")),
            tool=str(part.get("toolName", "")),
            arguments=arguments,
        )
    return TextPart(text=str(part.get("text", part)))
