"""The scripted model as a provider."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping

from callboard.domain.errors import ModelError
from callboard.domain.message import (
    Part,
    ReasoningPart,
    TextPart,
    ToolCallPart,
)
from callboard.ports.model import ModelAnswer, ModelRequest, OnDelta, ReasoningDelta, TextDelta
from callboard.providers.scripted.recording import RecordedCall, Recording
from callboard.providers.scripted.script import Script, ScriptedError, Turn
from callboard.providers.scripted.steps import (
    ScriptPlayback,
    UnconsumedTurns,
    UnexpectedModelCall,
)
from callboard.providers.wire.calls import PendingCall, arguments_text, finished_calls
from callboard.providers.wire.failures import RETRYABLE, failure
from callboard.providers.wire.parts import checked_parts, settled_finish

_WORD = re.compile(r"\s*\S+\s*|\s+")


class ScriptedProvider:
    """A model that says what its scripts say; implements `ModelProvider`.

    `scripted/<name>` selects the script of that name. A request that no script foresees fails the run
    loudly instead of being retried.

    Args:
        scripts: by name.
        sleep: how a turn's `delay_s` is waited for.
    """

    def __init__(
        self,
        scripts: Mapping[str, Script],
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._playbacks = {name: ScriptPlayback(name, script) for name, script in scripts.items()}
        self._sleep = sleep
        self._recording = Recording()

    @property
    def calls(self) -> tuple[RecordedCall, ...]:
        """Every request so far, in order, as copies that nothing else can change."""
        return tuple(self._recording.calls)

    @property
    def requests(self) -> tuple[ModelRequest, ...]:
        """The requests of `calls`."""
        return tuple(call.request for call in self._recording.calls)

    async def complete(self, request: ModelRequest, on_delta: OnDelta) -> ModelAnswer:
        """Answer as the script says; see `ModelProvider.complete`.

        Raises:
            ModelError: the script says so.
            UnexpectedModelCall: the script says nothing.
        """
        name = request.model.removeprefix("scripted/")
        playback = self._playbacks.get(name)
        if playback is None:
            known = ", ".join(sorted(self._playbacks)) or "none"
            raise UnexpectedModelCall(f"There is no script {name!r}. Known: {known}.")
        self._recording.add(name, request)
        turn = playback.next_for(request)
        if isinstance(turn, ScriptedError):
            raise _model_error(turn)
        if turn.delay_s:
            await self._sleep(turn.delay_s)
        _stream(turn, on_delta)
        if turn.truncate:
            raise failure("connection", "The scripted answer ends in the middle.")
        return self._answer(turn, request)

    def assert_complete(self) -> None:
        """Check that every turn of every script was asked for (rules need not apply).

        Raises:
            UnconsumedTurns: names the scripts and turns that were not.
        """
        left = {name: playback.unconsumed() for name, playback in self._playbacks.items()}
        unused = [f"{name}: {numbers}" for name, numbers in left.items() if numbers]
        if unused:
            raise UnconsumedTurns("Turns that nobody asked for: " + "; ".join(unused))

    def _answer(self, turn: Turn, request: ModelRequest) -> ModelAnswer:
        reasoning = [ReasoningPart(text=turn.reasoning)] if turn.reasoning else []
        texts = [TextPart(text=turn.text)] if turn.text else []
        parts: list[Part] = [*reasoning, *texts, *_calls(turn, request)]
        finish = turn.finish or settled_finish(None, parts)
        return ModelAnswer(
            parts=checked_parts(parts, finish, "scripted"),
            finish=finish,
            usage=turn.usage or self._recording.usage(request, parts),
            cost_usd=turn.cost_usd,
            basis="included",
            answered_by=turn.answered_by or request.model,
        )


def _stream(turn: Turn, on_delta: OnDelta) -> None:
    for word in _WORD.findall(turn.reasoning):
        on_delta(ReasoningDelta(word))
    for word in _WORD.findall(turn.text):
        on_delta(TextDelta(word))


def _calls(turn: Turn, request: ModelRequest) -> list[ToolCallPart]:
    pending = [
        PendingCall(
            call.call_id,
            call.tool,
            [arguments_text(call.arguments) if call.raw is None else call.raw],
        )
        for call in turn.calls
    ]
    answer_id = str(len(request.messages))
    return finished_calls(pending, {}, answer_id=answer_id, truncated=turn.finish == "length")


def _model_error(error: ScriptedError) -> ModelError:
    usual = error.reason in RETRYABLE
    return ModelError(
        error.message,
        reason=error.reason,
        retryable=usual if error.retryable is None else error.retryable,
        retry_after_s=error.retry_after_s,
        status=error.status,
    )
