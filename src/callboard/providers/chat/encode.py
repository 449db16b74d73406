"""ModelRequest -> bytes of a chat completions request.

`messages` comes last, so that from turn to turn the body only grows at its end.
"""

from base64 import b64decode
from functools import lru_cache, partial

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
from callboard.providers.chat.dialect import Dialect, reasoning_fields
from callboard.providers.wire.calls import (
    arguments_on_the_wire,
    arguments_text,
    wire_id,
    wire_name,
)
from callboard.providers.wire.encoded_history import EncodedHistory
from callboard.providers.wire.history import result_media, result_text, settled
from callboard.providers.wire.json_text import clean, dumps
from callboard.providers.wire.reading import as_json, obj
from callboard.providers.wire.tool_bytes import EncodedTools

_AUDIO = {"audio/wav": "wav", "audio/x-wav": "wav", "audio/mpeg": "mp3", "audio/mp3": "mp3"}
_MARK: JsonObject = {"cache_control": {"type": "ephemeral"}}


def encode(
    request: ModelRequest,
    model: str,
    dialect: Dialect,
    history: EncodedHistory,
    tools: EncodedTools,
) -> bytes:
    """Return the request's body.

    Args:
        request: the turn.
        model: its name at this endpoint.
        dialect: who is asked.
        history: remembers the bytes of earlier turns.
        tools: the request's tools, encoded.
    """
    marks = dialect.openrouter and model.startswith("anthropic/")
    head = dumps(_options(request, model, dialect))[:-1]
    offered = [b',"tools":', tools.body] if request.tools else []
    system = [_system(request.system, marked=marks), b","] if request.system else []
    messages = history.pieces(
        request, dialect.name, partial(_message_bytes, dialect.name), mark=marks
    )
    return b"".join((head, *offered, b',"messages":[', *system, *messages, b"]}"))


def encode_tools(tools: tuple[ToolSpec, ...]) -> bytes:
    """Return the bytes of the `tools` array."""
    return dumps(as_json([_tool(tool) for tool in tools]))


def _options(request: ModelRequest, model: str, dialect: Dialect) -> JsonObject:
    options: JsonObject = {"model": model, "stream": True}
    if dialect.openrouter:
        options["usage"] = {"include": True}
        if request.provider_options:
            options["provider"] = request.provider_options
    else:
        options["stream_options"] = {"include_usage": True}
    if request.max_output_tokens is not None:
        options[dialect.output_limit_field] = request.max_output_tokens
    if request.reasoning is not None:
        options |= reasoning_fields(dialect, request.reasoning)
    return options


def _tool(tool: ToolSpec) -> JsonObject:
    function: JsonObject = {
        "name": wire_name(tool.name),
        "description": tool.description,
        "parameters": tool.input_schema,
    }
    return {"type": "function", "function": function}


@lru_cache(maxsize=512)
def _system(text: str, *, marked: bool) -> bytes:
    # A conversation sends the same text with every turn; some five hundred of them may go on at once.
    return dumps({"role": "system", "content": _content(text, marked=marked)})


def _content(text: str, *, marked: bool) -> JsonValue:
    return [{"type": "text", "text": text, **_MARK}] if marked and text else text


def _message_bytes(tag: str, previous: Message | None, message: Message, *, marked: bool) -> bytes:
    entries: list[JsonObject] = []
    sent = settled(previous, message)
    for each in sent:
        entries += _entries(each, tag, marked=marked and each is sent[-1])
    joined = b",".join(map(dumps, entries))
    return joined if previous is None else b"," + joined


def _entries(message: Message, tag: str, *, marked: bool) -> list[JsonObject]:
    if message.role == "assistant":
        return [_assistant(message, tag, marked=marked)]
    if message.role == "tool":
        return _results(message, marked=marked)
    return [{"role": "user", "content": _user_content(message, marked=marked)}]


def _user_content(message: Message, *, marked: bool) -> JsonValue:
    if all(isinstance(part, TextPart) for part in message.parts):
        return _content(message.text, marked=marked)
    blocks: list[JsonValue] = []
    for part in message.parts:
        if isinstance(part, TextPart) and part.text:
            blocks.append({"type": "text", "text": part.text})
        elif isinstance(part, MediaPart):
            blocks.append(_media(part.media_type, part.data))
    if marked and blocks:
        blocks[-1] = obj(blocks[-1]) | _MARK
    return blocks or ""


def _media(media_type: str, data: str) -> JsonValue:
    url = f"data:{media_type};base64,{data}"
    if media_type.startswith("image/"):
        return {"type": "image_url", "image_url": {"url": url}}
    if media_type in _AUDIO:
        return {"type": "input_audio", "input_audio": {"data": data, "format": _AUDIO[media_type]}}
    if media_type.startswith("text/"):
        return {"type": "text", "text": clean(_decoded(data))}
    name = "attachment." + media_type.rpartition("/")[2]
    return {"type": "file", "file": {"filename": name, "file_data": url}}


def _decoded(data: str) -> str:
    try:
        return b64decode(data).decode(errors="replace")
    except ValueError:
        return "(an attachment that cannot be read)"


def _assistant(message: Message, tag: str, *, marked: bool) -> JsonObject:
    text, calls, echo = "", list[JsonValue](), JsonObject()
    for part in message.parts:
        if isinstance(part, ToolCallPart):
            calls.append(_call(part))
        elif isinstance(part, TextPart):
            text += part.text
        elif isinstance(part, ReasoningPart) and part.details and part.details.get("wire") == tag:
            echo |= {key: value for key, value in part.details.items() if key != "wire"}
    content = _content(text, marked=marked) if text or not calls else None
    entry: JsonObject = {"role": "assistant", "content": content, **echo}
    if calls:
        entry["tool_calls"] = calls
    return entry


def _call(call: ToolCallPart) -> JsonObject:
    function: JsonObject = {
        "name": wire_name(call.tool),
        "arguments": arguments_text(arguments_on_the_wire(call)),
    }
    return {"id": wire_id(call.call_id), "type": "function", "function": function}


def _results(message: Message, *, marked: bool) -> list[JsonObject]:
    results = [part for part in message.parts if isinstance(part, ToolResultPart)]
    entries = [_result(part, marked=marked and part is results[-1]) for part in results]
    files: list[JsonValue] = []
    for part in results:
        if media := result_media(part):
            files.append({"type": "text", "text": f"Files returned by {part.tool}:"})
            files += [_media(file.media_type, file.data) for file in media]
    # Tool messages carry text only, so files follow in a message of their own.
    return [*entries, {"role": "user", "content": files}] if files else entries


def _result(part: ToolResultPart, *, marked: bool) -> JsonObject:
    return {
        "role": "tool",
        "tool_call_id": wire_id(part.call_id),
        "content": _content(result_text(part), marked=marked),
    }
