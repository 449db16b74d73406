"""Our request as pydantic-ai's."""

from base64 import b64decode
from typing import Any, cast

from pydantic_ai import messages as theirs
from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.settings import ModelSettings
from pydantic_ai.tools import ToolDefinition

from callboard.domain.definition.agent import ReasoningOptions
from callboard.domain.message import (
    MediaPart,
    Message,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from callboard.ports.model import ModelRequest
from callboard.providers.wire.calls import arguments_on_the_wire, wire_id, wire_name
from callboard.providers.wire.history import closing, result_media, result_text, settled
from callboard.providers.wire.json_text import clean, clean_value
from callboard.providers.wire.reading import obj, string

WIRE = "pydantic-ai"


def messages_of(request: ModelRequest) -> list[theirs.ModelMessage]:
    """Return the system prompt and the conversation."""
    converted: list[theirs.ModelMessage] = []
    if request.system:
        system = theirs.SystemPromptPart(content=clean(request.system))
        converted.append(theirs.ModelRequest(parts=[system]))
    previous: Message | None = None
    for message in request.messages:
        converted += [_message(each) for each in settled(previous, message)]
        previous = message
    return converted + [_message(each) for each in closing(request.messages)]


def parameters_of(request: ModelRequest) -> ModelRequestParameters:
    """Return the tools that are offered."""
    tools = [
        ToolDefinition(
            name=wire_name(tool.name),
            description=tool.description,
            parameters_json_schema=cast("dict[str, Any]", tool.input_schema),
        )
        for tool in request.tools
    ]
    return ModelRequestParameters(function_tools=tools)


def settings_of(request: ModelRequest) -> ModelSettings:
    """Return the bounds of the answer and how much to think."""
    settings = ModelSettings()
    if request.max_output_tokens is not None:
        settings["max_tokens"] = request.max_output_tokens
    if request.reasoning is not None:
        settings["thinking"] = _thinking(request.reasoning)
    return settings


def _thinking(options: ReasoningOptions) -> Any:
    if options.effort == "none":
        return False
    return options.effort or options.enabled or options.max_tokens is not None


def _message(message: Message) -> theirs.ModelMessage:
    if message.role == "assistant":
        return theirs.ModelResponse(parts=[_said(part) for part in message.parts if _is_said(part)])
    if message.role == "tool":
        results = [part for part in message.parts if isinstance(part, ToolResultPart)]
        returns = [_returned(part) for part in results]
        files = [
            _file(each.media_type, each.data) for part in results for each in result_media(part)
        ]
        prompts = [theirs.UserPromptPart(content=files)] if files else []
        return theirs.ModelRequest(parts=[*returns, *prompts])
    return theirs.ModelRequest(parts=[theirs.UserPromptPart(content=_content(message))])


def _content(message: Message) -> list[theirs.UserContent]:
    content: list[theirs.UserContent] = []
    for part in message.parts:
        if isinstance(part, TextPart):
            content.append(clean(part.text))
        elif isinstance(part, MediaPart):
            content.append(_file(part.media_type, part.data))
    return content


def _file(media_type: str, data: str) -> theirs.BinaryContent:
    return theirs.BinaryContent(data=b64decode(data), media_type=media_type)


def _returned(part: ToolResultPart) -> theirs.ToolReturnPart:
    return theirs.ToolReturnPart(
        tool_name=wire_name(part.tool),
        content=clean(result_text(part)),
        tool_call_id=wire_id(part.call_id),
        outcome="failed" if part.is_error else "success",
    )


def _is_said(part: object) -> bool:
    if isinstance(part, ReasoningPart):
        return part.details is not None and part.details.get("wire") == WIRE
    return isinstance(part, TextPart | ToolCallPart)


def _said(part: object) -> theirs.ModelResponsePart:
    if isinstance(part, ToolCallPart):
        return theirs.ToolCallPart(
            tool_name=wire_name(part.tool),
            args=cast("dict[str, Any]", clean_value(arguments_on_the_wire(part))),
            tool_call_id=wire_id(part.call_id),
            **_leftovers(part),
        )
    if isinstance(part, ReasoningPart):
        details = part.details or {}
        return theirs.ThinkingPart(
            content=part.text,
            signature=string(details.get("signature")) or None,
            **_leftovers(part),
        )
    text = part.text if isinstance(part, TextPart) else ""
    return theirs.TextPart(content=clean(text))


def _leftovers(part: ReasoningPart | ToolCallPart) -> dict[str, Any]:
    details = part.details or {}
    if details.get("wire") != WIRE:
        return {}
    return {
        "id": string(details.get("id")) or None,
        "provider_name": string(details.get("provider_name")) or None,
        "provider_details": obj(details.get("provider_details")) or None,
    }
