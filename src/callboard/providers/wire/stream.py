"""From byte blocks to an answer: the part of decoding that all wire formats share."""

from collections.abc import Sequence
from typing import Protocol

from pydantic import JsonValue, ValidationError

from callboard.domain.errors import ModelError
from callboard.domain.message import JsonObject
from callboard.ports.model import Delta, ModelAnswer
from callboard.providers.wire.failures import event_failure, failure
from callboard.providers.wire.json_text import NotJson, loads
from callboard.providers.wire.sse import MAX_EVENT_BYTES, SseParser

_DONE = b"[DONE]"
_NOT_SSE = frozenset(b'{["<')


class Assembly(Protocol):
    """Folds one vendor's events into an answer."""

    @property
    def ended(self) -> bool:
        """Whether the vendor said why the answer ends."""
        ...

    def take(self, event: JsonObject) -> Sequence[Delta]:
        """Take one event in and return what people may see of it."""
        ...

    def answer(self) -> ModelAnswer:
        """Return the whole answer.

        Raises:
            ModelError: there is nothing in it, or the vendor refused.
        """
        ...


class StreamDecoder:
    """Decodes one answer. Pure: bytes in, deltas and a whole answer out.

    A body that is no event stream but plain JSON is understood as well: an error, or the answer of a
    server that does not stream.
    """

    def __init__(self, assembly: Assembly, provider: str) -> None:
        self._assembly = assembly
        self._provider = provider
        self._sse = SseParser()
        self._plain: list[bytes] | None = None
        self._plain_size = 0
        self._started = False
        self._flushed = False
        self._terminated = False

    @property
    def ended(self) -> bool:
        """Whether the answer is whole, though the stream may go on (usage, a last marker)."""
        return self._terminated or self._assembly.ended

    @property
    def terminated(self) -> bool:
        """Whether nothing more can come."""
        return self._terminated

    def feed(self, block: bytes) -> Sequence[Delta]:
        """Take a block of bytes in, however the stream was cut, and return the new deltas.

        Raises:
            ModelError: an event is not JSON, or reports a failure.
        """
        if not self._started and not self._begin(block):
            return ()
        if self._plain is not None:
            self._keep(block)
            return ()
        return self._take_all(self._sse.feed(block))

    def flush(self) -> Sequence[Delta]:
        """Take the stream's end in and return the deltas that only it completes. Idempotent.

        Raises:
            ModelError: as `feed`.
        """
        if self._flushed or self._terminated:
            return ()
        self._flushed = True
        if self._plain is not None:
            return self._take_plain(b"".join(self._plain))
        try:
            return self._take_all(self._sse.finish())
        except ModelError as error:
            if error.reason == "malformed_answer" and not self.ended:
                raise self._truncated() from None
            raise

    def finish(self) -> ModelAnswer:
        """Return the answer; the stream is over.

        Raises:
            ModelError: it was cut off (`connection`), is empty (`malformed_answer`) or was refused.
        """
        self.flush()
        if not self._terminated and not self._assembly.ended:
            raise self._truncated()
        try:
            return self._assembly.answer()
        except (NotJson, ValidationError):  # JSON that is nested deeper than ours may be
            raise self._unreadable() from None

    def _begin(self, block: bytes) -> bool:
        text = block.lstrip()
        if not text:
            return False
        self._started = True
        if text[0] in _NOT_SSE:
            self._plain = []
        return True

    def _keep(self, block: bytes) -> None:
        self._plain_size += len(block)
        if self._plain is None or self._plain_size > MAX_EVENT_BYTES:
            raise failure("malformed_answer", f"{self._provider} sent an endless answer.")
        self._plain.append(block)

    def _take_all(self, events: list[bytes]) -> Sequence[Delta]:
        deltas: list[Delta] = []
        try:
            for data in events:
                if self._terminated:
                    break
                if data.strip() == _DONE:
                    self._terminated = True
                elif data:
                    deltas += self._take(loads(data))
        except NotJson:
            raise self._unreadable() from None
        return deltas

    def _take_plain(self, body: bytes) -> Sequence[Delta]:
        deltas: list[Delta] = []
        try:
            value = loads(body)
            for event in value if isinstance(value, list) else [value]:
                deltas += self._take(event)
        except NotJson:
            raise self._unreadable() from None
        return deltas

    def _take(self, event: JsonValue) -> Sequence[Delta]:
        if not isinstance(event, dict):
            raise failure("malformed_answer", f"{self._provider} sent an event that is no object.")
        if event.get("error") or event.get("object") == "error":
            raise event_failure(self._provider, event)
        return self._assembly.take(event)

    def _unreadable(self) -> ModelError:
        return failure("malformed_answer", f"{self._provider} sent JSON that cannot be read.")

    def _truncated(self) -> ModelError:
        return failure("connection", f"{self._provider} ended its answer in the middle.")
