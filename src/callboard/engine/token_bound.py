"""How many tokens a request may come to, before anybody has counted."""

from collections.abc import Iterable

from callboard.domain.message import MediaPart, Message
from callboard.domain.tool import ToolSpec

MIN_OUTPUT_TOKENS = 64
"""An answer that can be no longer than this is not worth asking for."""

MOST_OUTPUT_TOKENS = 16_384
"""The longest answer under a budget: without a bound every call would reserve all that is left."""

_BYTES_PER_TOKEN = 2
"""Vendors' tokens hold three to four bytes of what agents read; two is what the densest text comes to."""

_LIKELY_OUTPUT_TOKENS = 1_000
_MEDIA_TOKENS = 4_000
_PER_MESSAGE = 16


def input_bound(system: str, messages: Iterable[Message], tools: Iterable[ToolSpec]) -> int:
    """Return the most tokens that a request's input comes to."""
    total = len(system.encode("utf-8", "replace")) // _BYTES_PER_TOKEN
    for tool in tools:
        total += len(tool.model_dump_json()) // _BYTES_PER_TOKEN
    return total + sum(_message_bound(message) for message in messages)


def likely_tokens(request_bound: int, most_output: int | None) -> int:
    """Return how many tokens a call will come to, more or less, from the bound of its input: for what is corrected once
    they were counted.
    """
    return request_bound // 2 + min(most_output or _LIKELY_OUTPUT_TOKENS, _LIKELY_OUTPUT_TOKENS)


def _message_bound(message: Message) -> int:
    media = [part for part in message.parts if isinstance(part, MediaPart)]
    plain = message.model_copy(
        update={"parts": tuple(part for part in message.parts if not isinstance(part, MediaPart))}
    )
    text = len(plain.model_dump_json().encode()) // _BYTES_PER_TOKEN
    return text + _PER_MESSAGE + _MEDIA_TOKENS * len(media)
