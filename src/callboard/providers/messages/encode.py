"""ModelRequest -> bytes of a Messages request.

`messages` comes last, so that from turn to turn the body only grows at its end, but for the one message
that carries the mark of the prompt cache.
"""

from base64 import b64decode

from pydantic import JsonValue

from callboard.domain.message import (
    JsonObject,
    MediaPart,
    Message,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from callboard.domain.tool import ToolSpec
from callboard.ports.model import ModelRequest
from callboard.providers.messages.model_facts import limits_and_thinking
from callboard.providers.wire.calls import arguments_on_the_wire, wire_id, wire_name
from callboard.providers.wire.encoded_history import EncodedHistory
from callboard.providers.wire.history import result_media, result_text, settled
from callboard.providers.wire.json_text import clean, dumps
from callboard.providers.wire.reading import as_json, obj, string
from callboard.providers.wire.tool_bytes import EncodedTools

WIRE = "messages"
_MARK: JsonObject = {"cache_control": {"type": "ephemeral"}}
_IMAGES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
_UNMARKABLE = frozenset({"thinking", "redacted_thinking"})


def encode(
    request: ModelRequest, model: str, history: EncodedHistory, tools: EncodedTools
) -> bytes:
    """Return the request's body.

    Args:
        request: the turn.
        model: its name at Anthropic.
        history: remembers the bytes of earlier turns.
        tools: the request's tools, encoded.
    """
    options: JsonObject = {"model": model, "stream": True}
    options |= limits_and_thinking(model, request.max_output_tokens, request.reasoning)
    head = dumps(options)[:-1]
    offered = [b',"tools":', tools.body] if request.tools else []
    system = [b',"system":', _system(request.system)] if request.system.strip() else []
    messages = history.pieces(request, WIRE, _message_bytes, mark=True)
    return b"".join((head, *offered, *system, b',"messages":[', *messages, b"]}"))


def encode_tools(tools: tuple[ToolSpec, ...]) -> bytes:
    """Return the bytes of the `tools` array."""
    return dumps(as_json([_tool(tool) for tool in tools]))


def _tool(tool: ToolSpec) -> JsonObject:
    return {
        "name": wire_name(tool.name),
        "description": tool.description,
        "input_schema": {"type": "object", **tool.input_schema},
    }


def _system(text: str) -> bytes:
    return dumps([{"type": "text", "text": text, **_MARK}])


def _message_bytes(previous: Message | None, message: Message, *, marked: bool) -> bytes:
    sent = settled(previous, message)
    joined = b",".join(_entry(each, marked=marked and each is sent[-1]) for each in sent)
    return joined if previous is None else b"," + joined


def _entry(message: Message, *, marked: bool) -> bytes:
    blocks = [block for part in message.parts for block in _blocks(part)]
    if not blocks:
        blocks.append({"type": "text", "text": "(empty)"})
    if marked and obj(blocks[-1]).get("type") not in _UNMARKABLE:
        blocks[-1] = obj(blocks[-1]) | _MARK
    role = "assistant" if message.role == "assistant" else "user"
    return dumps({"role": role, "content": blocks})


def _blocks(
    part: TextPart | ReasoningPart | MediaPart | ToolCallPart | ToolResultPart,
) -> list[JsonValue]:
    match part:
        case TextPart():
            # Blocks of nothing but white space are refused.
            return [{"type": "text", "text": part.text}] if part.text.strip() else []
        case ReasoningPart():
            return _thinking(part)
        case MediaPart():
            return [_media(part.media_type, part.data)]
        case ToolCallPart():
            return [_tool_use(part)]
        case ToolResultPart():
            return [_tool_result(part)]


def _thinking(part: ReasoningPart) -> list[JsonValue]:
    details = part.details or {}
    if details.get("wire") != WIRE:
        return []
    if redacted := string(details.get("data")):
        return [{"type": "redacted_thinking", "data": redacted}]
    signature = string(details.get("signature"))
    if not signature:
        return []
    return [{"type": "thinking", "thinking": part.text, "signature": signature}]


def _media(media_type: str, data: str) -> JsonValue:
    source: JsonObject = {"type": "base64", "media_type": media_type, "data": data}
    if media_type in _IMAGES:
        return {"type": "image", "source": source}
    if media_type == "application/pdf":
        return {"type": "document", "source": source}
    if media_type.startswith("text/"):
        return {"type": "text", "text": _decoded(data)}
    return {"type": "text", "text": f"(a file of type {media_type}, which the model cannot read)"}


def _decoded(data: str) -> str:
    try:
        text = clean(b64decode(data).decode(errors="replace"))
    except ValueError:
        text = ""
    return text if text.strip() else "(an empty file)"


def _tool_use(call: ToolCallPart) -> JsonObject:
    return {
        "type": "tool_use",
        "id": wire_id(call.call_id),
        "name": wire_name(call.tool),
        "input": arguments_on_the_wire(call),
    }


def _tool_result(part: ToolResultPart) -> JsonObject:
    text = result_text(part)
    content: JsonValue = text
    # The results of failed calls may hold text only.
    files = [] if part.is_error else result_media(part)
    if files:
        content = [
            {"type": "text", "text": text or "(see below)"},
            *(_media(file.media_type, file.data) for file in files),
        ]
    block: JsonObject = {
        "type": "tool_result",
        "tool_use_id": wire_id(part.call_id),
        "content": content,
    }
    return block | {"is_error": True} if part.is_error else block
