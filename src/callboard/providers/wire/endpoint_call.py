"""One exchange with an endpoint: what every HTTP provider does around its own encode and decode."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from callboard.domain.errors import ModelError
from callboard.ports.model import Delta, ModelAnswer, OnDelta
from callboard.providers.wire.failures import redacted
from callboard.providers.wire.stream import StreamDecoder
from callboard.providers.wire.transport import HttpCall, HttpTransport

_SHORTEST_SECRET = 6


@dataclass(frozen=True, slots=True)
class Target:
    """Where requests go.

    Attributes:
        provider: its name for people.
        base_url: without a trailing slash.
        headers: sent with every request. Their values are never shown, neither in a repr nor in an
            error.
        vendor: whose price list applies; None where none does.
    """

    provider: str
    base_url: str
    headers: Mapping[str, str] = field(repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    vendor: str | None = None


class _WatcherFailed(Exception):
    """Carries what a watcher raised past the transport, which would take an OSError for its own."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error


class _Watched:
    def __init__(self, decoder: StreamDecoder, on_delta: OnDelta) -> None:
        self._decoder = decoder
        self._on_delta = on_delta

    def take(self, block: bytes) -> bool:
        if deltas := self._decoder.feed(block):
            self.show(deltas)
        return not self._decoder.terminated

    def show(self, deltas: Sequence[Delta]) -> None:
        try:
            for delta in deltas:
                self._on_delta(delta)
        except Exception as error:
            raise _WatcherFailed(error) from error


class EndpointClient:
    """Asks one endpoint."""

    def __init__(self, target: Target, transport: HttpTransport) -> None:
        self.target = target
        self._headers = {"Content-Type": "application/json", **target.headers}
        self._transport = transport

    async def exchange(
        self, path: str, body: bytes, decoder: StreamDecoder, on_delta: OnDelta
    ) -> ModelAnswer:
        """Post `body` and return the answer.

        Raises:
            ModelError: the call failed; no secret is in its text.
        """
        target = self.target
        call = HttpCall(target.provider, target.base_url + path, self._headers, body)
        watched = _Watched(decoder, on_delta)
        try:
            try:
                await self._transport.post(call, watched)
            except ModelError as error:
                # An answer that was whole before the connection broke: paying for it again would help nobody.
                if not decoder.ended or error.reason not in {"connection", "timeout"}:
                    raise
            watched.show(decoder.flush())
            return decoder.finish()
        except _WatcherFailed as failed:
            raise failed.error from None
        except ModelError as error:
            secrets = [each for each in target.secrets if len(each) >= _SHORTEST_SECRET]
            raise redacted(error, secrets) from None
