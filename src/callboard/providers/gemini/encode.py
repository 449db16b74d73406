"""ModelRequest -> bytes of a generateContent request.

Gemini wants user and model to take turns. Messages of one role in a row therefore share one content: a
message's bytes either continue the content that is open or close it and open the next, so that they
depend on the message before only and never change.
"""

from functools import partial

from pydantic import JsonValue

from callboard.domain.message import (
    JsonObject,
    JsonOutput,
    MediaPart,
    Message,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from callboard.domain.tool import ToolSpec
from callboard.ports.model import ModelRequest
from callboard.providers.gemini.model_facts import thinking_config, thinks_on_a_budget
from callboard.providers.gemini.schema import supported
from callboard.providers.wire.calls import arguments_on_the_wire, wire_id, wire_name
from callboard.providers.wire.encoded_history import EncodedHistory
from callboard.providers.wire.history import result_media, settled
from callboard.providers.wire.json_text import dumps
from callboard.providers.wire.reading import as_json
from callboard.providers.wire.tool_bytes import EncodedTools

# What Google's documentation names for calls that another model made.
_NO_SIGNATURE = "skip_thought_signature_validator"


def tag(model: str) -> str:
    """Return what reasoning details are marked with: signatures are of use to the same model only."""
    return f"gemini/{model}"


def encode(
    request: ModelRequest, model: str, history: EncodedHistory, tools: EncodedTools
) -> bytes:
    """Return the request's body.

    Args:
        request: the turn.
        model: its name at Google.
        history: remembers the bytes of earlier turns.
        tools: the request's tools, encoded.
    """
    head = [b"{"]
    if request.system.strip():
        head += [b'"systemInstruction":', dumps({"parts": [{"text": request.system}]}), b","]
    if request.tools:
        head += [b'"tools":[{"functionDeclarations":', tools.body, b"}],"]
    if config := _config(request, model):
        head += [b'"generationConfig":', dumps(config), b","]
    contents = history.pieces(request, tag(model), partial(_message_bytes, model))
    return b"".join((*head, b'"contents":[', *contents, b"]}]}"))


def encode_tools(tools: tuple[ToolSpec, ...]) -> bytes:
    """Return the bytes of the `functionDeclarations` array."""
    return dumps(as_json([_tool(tool) for tool in tools]))


def _config(request: ModelRequest, model: str) -> JsonObject:
    config: JsonObject = {}
    if request.max_output_tokens is not None:
        config["maxOutputTokens"] = request.max_output_tokens
    if thinking := thinking_config(model, request.reasoning):
        config["thinkingConfig"] = thinking
    return config


def _tool(tool: ToolSpec) -> JsonObject:
    return {
        "name": wire_name(tool.name),
        "description": tool.description,
        "parametersJsonSchema": supported(tool.input_schema),
    }


def _role(message: Message) -> str:
    return "model" if message.role == "assistant" else "user"


def _message_bytes(
    model: str,
    previous: Message | None,
    message: Message,
    *,
    marked: bool,  # noqa: ARG001 -- a MessageEncoder; Gemini's cache needs no marks
) -> bytes:
    written: list[bytes] = []
    open_role = _role(previous) if previous is not None else None
    for each in settled(previous, message):
        role = _role(each)
        parts = dumps(as_json(_parts(each, model)))[1:-1]
        if role == open_role:
            written += [b",", parts]
        else:
            closing = b"]}," if open_role is not None else b""
            written += [closing, b'{"role":"', role.encode(), b'","parts":[', parts]
        open_role = role
    return b"".join(written)


def _parts(message: Message, model: str) -> list[JsonValue]:
    parts: list[JsonValue] = []
    signed = thinks_on_a_budget(model)
    for part in message.parts:
        match part:
            case TextPart():
                parts += _text(part.text)
            case ReasoningPart():
                parts += _thought(part, model)
            case MediaPart():
                parts.append(_media(part.media_type, part.data))
            case ToolCallPart():
                parts.append(_call(part, model, needs_signature=not signed))
                signed = True  # of calls made side by side only the first is signed
            case ToolResultPart():
                parts += _result(part)
    return parts or [{"text": "(empty)"}]


def _text(text: str) -> list[JsonValue]:
    return [{"text": text}] if text else []


def _media(media_type: str, data: str) -> JsonValue:
    return {"inlineData": {"mimeType": media_type, "data": data}}


def _thought(part: ReasoningPart, model: str) -> list[JsonValue]:
    details = part.details or {}
    if details.get("wire") != tag(model) or not details.get("thoughtSignature"):
        return []
    thought: JsonObject = {"thought": True} if details.get("thought") else {}
    return [{"text": part.text, **thought, "thoughtSignature": details["thoughtSignature"]}]


def _call(call: ToolCallPart, model: str, *, needs_signature: bool) -> JsonValue:
    function: JsonObject = {
        "id": wire_id(call.call_id),
        "name": wire_name(call.tool),
        "args": arguments_on_the_wire(call),
    }
    part: JsonObject = {"functionCall": function}
    details = call.details or {}
    if details.get("wire") == tag(model) and details.get("thoughtSignature"):
        part["thoughtSignature"] = details["thoughtSignature"]
    elif needs_signature:
        part["thoughtSignature"] = _NO_SIGNATURE
    return part


def _result(part: ToolResultPart) -> list[JsonValue]:
    values = [output.value for output in part.output if isinstance(output, JsonOutput)]
    value: JsonValue = values[0] if len(values) == 1 else as_json(values)
    response: JsonObject = {
        "id": wire_id(part.call_id),
        "name": wire_name(part.tool),
        "response": {"error" if part.is_error else "output": value},
    }
    files = [_media(file.media_type, file.data) for file in result_media(part)]
    return [{"functionResponse": response}, *files]
