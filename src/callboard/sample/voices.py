"""What the models of the sample say: any role, in its own words, always the same for the same run."""

import asyncio
import json
import random
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from callboard.domain.errors import ModelError
from callboard.domain.message import Part, ReasoningPart, TextPart, ToolCallPart
from callboard.domain.usage import Usage, usd
from callboard.ports.model import ModelAnswer, ModelRequest, OnDelta, ReasoningDelta, TextDelta
from callboard.sample.lines import Turn, turn_of

_WORD: Final = re.compile(r"\s*\S+\s*|\s+")
_PRICES: Final = (
    ("opus", 15, 75),
    ("sonnet", 3, 15),
    ("haiku", 1, 5),
    ("gpt-5", 1, 10),
    ("flash", 0, 2),
)
"""US dollars per million tokens read and written, near enough."""
_USUAL: Final = (2, 8)

Wait = Callable[[float], Awaitable[None]]


def at_a_pace(pace: float) -> Wait:
    """Return a way to wait that takes `pace` times as long as people would; 0: not at all."""

    async def wait(seconds: float) -> None:
        await asyncio.sleep(seconds * pace)

    return wait


@dataclass(frozen=True, slots=True)
class Voices:
    """A model provider that answers as a role on a team would; implements `ports.model.ModelProvider`.

    `wait` is how the seconds between its words pass. Every word is streamed where `words`, else the answer comes at
    once after its time.
    """

    wait: Wait
    words: bool = True
    answered_by: str = field(default="sample")

    async def complete(self, request: ModelRequest, on_delta: OnDelta) -> ModelAnswer:
        """Answer; see `ModelProvider.complete`."""
        turn = turn_of(request)
        chance = random.Random(f"{request.conversation}/{len(request.messages)}")  # noqa: S311 - no secret
        await self.wait(chance.uniform(1.2, 3.5) if self.words else chance.uniform(4, 45))
        if turn.failure:
            raise ModelError(turn.failure, reason="refused")
        if self.words:
            await self._stream(turn, on_delta)
        usage = _usage(request, turn, chance)
        return ModelAnswer(
            parts=_parts(turn, len(request.messages)),
            finish="tool_calls" if turn.calls else "stop",
            usage=usage,
            cost_usd=_cost(request.model, usage),
            answered_by=request.model,
        )

    async def _stream(self, turn: Turn, on_delta: OnDelta) -> None:
        for word in _WORD.findall(turn.thought):
            on_delta(ReasoningDelta(word))
            await self.wait(0.05)
        for word in _WORD.findall(turn.text):
            on_delta(TextDelta(word))
            await self.wait(0.08)


def _parts(turn: Turn, answer: int) -> tuple[Part, ...]:
    parts: list[Part] = [ReasoningPart(text=turn.thought)] if turn.thought else []
    parts += [TextPart(text=turn.text)] if turn.text else []
    parts += [
        ToolCallPart(call_id=f"call_{answer}_{number}", tool=call.tool, arguments=call.arguments)
        for number, call in enumerate(turn.calls, start=1)
    ]
    return tuple(parts)


def _usage(request: ModelRequest, turn: Turn, chance: random.Random) -> Usage:
    """Return what a call of this length would have counted, roughly."""
    written = (
        len(turn.text)
        + len(turn.thought)
        + sum(len(json.dumps(call.arguments)) for call in turn.calls)
    )
    read = 3_000 + 1_400 * len(request.messages) + chance.randrange(2_000)
    thought = len(turn.thought) // 4
    return Usage(
        input_tokens=read,
        output_tokens=written // 4 + chance.randrange(60, 400) + thought,
        cache_read_tokens=int(read * 0.7) if len(request.messages) > 1 else 0,
        reasoning_tokens=thought,
    )


def _cost(model: str, usage: Usage) -> Decimal:
    read, written = next(((low, high) for name, low, high in _PRICES if name in model), _USUAL)
    return usd(Decimal(usage.input_tokens * read + usage.output_tokens * written) / 1_000_000)
