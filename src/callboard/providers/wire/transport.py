"""HTTP: one pooled session, streaming answers, bounds on every wait. No redirects, no proxies from the
environment, no cookies: a key goes where it was configured to go and nowhere else.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Protocol

import aiohttp

from callboard.domain.errors import ModelError
from callboard.providers.wire.failures import failure, http_failure

_LARGE_BODY = 1024 * 1024
_MAX_ERROR_BYTES = 64 * 1024
_AFTER_THE_END_S = 1.0


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Bounds of one call, in seconds. `idle_s` counts from block to block, `total_s` bounds it all."""

    connect_s: float = 15.0
    first_byte_s: float = 300.0
    idle_s: float = 180.0
    total_s: float = 3600.0


@dataclass(frozen=True, slots=True)
class HttpCall:
    """One request. `provider` is its name, for messages to people."""

    provider: str
    url: str
    headers: Mapping[str, str]
    body: bytes


class Sink(Protocol):
    """Takes an answer's bytes."""

    @property
    def terminated(self) -> bool:
        """Whether nothing more can come, so that the connection need not be read any longer."""
        ...

    def take(self, block: bytes) -> None:
        """Take the next bytes."""
        ...


class HttpTransport:
    """Sends requests to model endpoints.

    The session is made in the event loop that first needs it and made anew in another one.

    Args:
        timeouts: bounds of each call.
        max_connections: how many calls may be in flight (0: any number).
    """

    def __init__(
        self,
        timeouts: Timeouts | None = None,
        *,
        max_connections: int = 0,
    ) -> None:
        self._timeouts = timeouts or Timeouts()
        self._max_connections = max_connections
        self._session: aiohttp.ClientSession | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def post(self, call: HttpCall, sink: Sink) -> None:
        """Send a request and hand the answer's bytes to `sink` as they come.

        Raises:
            ModelError: no connection, a timeout, or a status other than 200.
        """
        try:
            await self._post(call, sink)
        except TimeoutError:
            message = f"{call.provider} did not answer in time."
            raise failure("timeout", message) from None
        except (aiohttp.InvalidURL, ValueError):
            # The cause stays out: its text may repeat a header.
            message = f"{call.provider} cannot be asked: the base URL or a header is malformed."
            raise failure("invalid_request", message) from None
        except (aiohttp.ClientError, OSError) as error:
            message = f"{call.provider} cannot be reached: {_what(error)}."
            raise failure("connection", message) from None

    async def close(self) -> None:
        """Close the pooled connections. The transport may be used again."""
        session, self._session = self._session, None
        if session is not None and self._loop is asyncio.get_running_loop():
            await session.close()

    async def _post(self, call: HttpCall, sink: Sink) -> None:
        start = asyncio.get_running_loop().time()
        end = start + self._timeouts.total_s
        async with (
            asyncio.timeout_at(min(start + self._timeouts.first_byte_s, end)) as timer,
            self._open_session().post(
                call.url, data=_payload(call.body), headers=call.headers, allow_redirects=False
            ) as response,
        ):
            if response.status != 200:
                raise await _refusal(call, response)
            await self._pump(response, sink, timer, end)

    async def _pump(
        self, response: aiohttp.ClientResponse, sink: Sink, timer: asyncio.Timeout, end: float
    ) -> None:
        now = asyncio.get_running_loop().time
        async for block in response.content.iter_any():
            sink.take(block)
            if sink.terminated:
                break
            timer.reschedule(min(now() + self._timeouts.idle_s, end))
        if sink.terminated and not response.content.at_eof():
            # A moment for the last bytes of the HTTP framing, so that the connection can be reused.
            await _drain(response)

    def _open_session(self) -> aiohttp.ClientSession:
        loop = asyncio.get_running_loop()
        if self._session is None or self._session.closed or self._loop is not loop:
            self._loop = loop
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._max_connections),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=self._timeouts.connect_s),
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
                headers={"Accept-Encoding": "identity", "User-Agent": "callboard"},
            )
        return self._session


async def _drain(response: aiohttp.ClientResponse) -> None:
    try:
        async with asyncio.timeout(_AFTER_THE_END_S):
            async for _ in response.content.iter_any():
                pass
    except (TimeoutError, aiohttp.ClientError, OSError):
        response.close()


async def _refusal(call: HttpCall, response: aiohttp.ClientResponse) -> ModelError:
    try:
        body = await response.content.read(_MAX_ERROR_BYTES)
    except (TimeoutError, aiohttp.ClientError, OSError):
        body = b""
    headers = {name.lower(): value for name, value in response.headers.items()}
    return http_failure(call.provider, response.status, headers, body)


def _payload(body: bytes) -> bytes | BytesIO:
    # Large bodies are written in pieces, so that other calls get their turn.
    return BytesIO(body) if len(body) >= _LARGE_BODY else body


def _what(error: Exception) -> str:
    if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientSSLError):
        return "its certificate is not trusted"
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "its address does not resolve"
    if isinstance(error, aiohttp.ClientConnectorError):
        return "it refuses the connection"
    if isinstance(error, aiohttp.ClientPayloadError | aiohttp.ServerDisconnectedError):
        return "the connection broke off"
    return type(error).__name__
