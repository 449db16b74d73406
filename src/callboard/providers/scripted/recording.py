"""Copies and lengths of what a scripted model was asked, each message looked at once."""

from copy import deepcopy
from dataclasses import dataclass, replace

from callboard.domain.message import (
    Message,
    Part,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from callboard.domain.tool import ToolSpec
from callboard.domain.usage import Usage
from callboard.ports.model import ModelRequest
from callboard.providers.wire.calls import arguments_text
from callboard.providers.wire.history import result_text

_CHARACTERS_PER_TOKEN = 4


@dataclass(frozen=True, slots=True)
class RecordedCall:
    """A request as it came, and the name of the script that it went to."""

    script: str
    request: ModelRequest


@dataclass(frozen=True, slots=True)
class _Seen:
    original: Message | ToolSpec  # kept alive, so that its identity stays its own
    copy: Message | ToolSpec
    length: int


class Recording:
    """Every request so far. Histories grow by a few messages a turn, so known ones are not copied again."""

    def __init__(self) -> None:
        self.calls: list[RecordedCall] = []
        self._seen: dict[int, _Seen] = {}

    def add(self, script: str, request: ModelRequest) -> None:
        """Record a copy of the request that nothing else can change."""
        messages = [self._look(message).copy for message in request.messages]
        tools = [self._look(tool).copy for tool in request.tools]
        detached = replace(
            request,
            messages=tuple(each for each in messages if isinstance(each, Message)),
            tools=tuple(each for each in tools if isinstance(each, ToolSpec)),
            provider_options=deepcopy(request.provider_options),
        )
        self.calls.append(RecordedCall(script, detached))

    def usage(self, request: ModelRequest, parts: list[Part]) -> Usage:
        """Return the tokens that a call would have, estimated from the lengths of its texts."""
        asked = sum(self._look(each).length for each in (*request.messages, *request.tools))
        thought = sum(len(part.text) for part in parts if isinstance(part, ReasoningPart))
        return Usage(
            input_tokens=_tokens(len(request.system) + asked),
            output_tokens=_tokens(sum(map(_length, parts))),
            reasoning_tokens=_tokens(thought),
        )

    def _look(self, original: Message | ToolSpec) -> _Seen:
        seen = self._seen.get(id(original))
        if seen is None:
            seen = _Seen(original, deepcopy(original), _total(original))
            self._seen[id(original)] = seen
        return seen


def _total(original: Message | ToolSpec) -> int:
    if isinstance(original, ToolSpec):
        return len(original.name) + len(original.description)
    return sum(map(_length, original.parts))


def _tokens(characters: int) -> int:
    return -(-characters // _CHARACTERS_PER_TOKEN)


def _length(part: Part) -> int:
    match part:
        case TextPart() | ReasoningPart():
            return len(part.text)
        case ToolCallPart():
            text = arguments_text(part.arguments) if part.arguments is not None else part.raw or ""
            return len(part.tool) + len(text)
        case ToolResultPart():
            return len(result_text(part))
        case _:
            return 0
