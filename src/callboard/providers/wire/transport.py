"""HTTP: one pooled session, streaming answers, bounds on every wait. No redirects, no proxies from the
environment, no cookies: a key goes where it was configured to go and nowhere else.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from http.cookies import BaseCookie, SimpleCookie
from io import BytesIO
from typing import NamedTuple, Protocol

import aiohttp
from yarl import URL

from callboard.domain.errors import ModelError
from callboard.providers.wire.deadlines import Deadline, Deadlines
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


class HttpCall(NamedTuple):
    """One request. `provider` is its name, for messages to people."""

    provider: str
    url: str
    headers: Mapping[str, str]
    body: bytes


class Sink(Protocol):
    """Takes an answer's bytes."""

    def take(self, block: bytes) -> bool:
        """Take the next bytes; return whether more can come, so that the connection must be read any longer."""
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
        self._open: _Open | None = None

    async def post(self, call: HttpCall, sink: Sink) -> None:
        """Send a request and hand the answer's bytes to `sink` as they come.

        Raises:
            ModelError: no connection, a timeout, or a status other than 200.
        """
        here = self._opened()
        start = here.loop.time()
        end = start + self._timeouts.total_s
        try:
            first = min(start + self._timeouts.first_byte_s, end)
            with Deadline(here.deadlines, first) as deadline:
                response = await here.session.post(
                    call.url, data=_payload(call.body), headers=call.headers, allow_redirects=False
                )
                try:
                    if response.status != 200:
                        raise await _refusal(call, response)
                    content = response.content
                    while block := await content.readany():
                        if not sink.take(block):
                            await _drain(response)
                            break
                        deadline.move(min(here.loop.time() + self._timeouts.idle_s, end))
                finally:
                    response.release()
        except (aiohttp.ClientError, OSError, ValueError) as error:
            # The cause stays out: its text may repeat a header.
            raise _failed(call, error) from None

    async def close(self) -> None:
        """Close the pooled connections. The transport may be used again."""
        here, self._open = self._open, None
        if here is not None and here.loop is asyncio.get_running_loop():
            await here.session.close()
            here.deadlines.close()

    def _opened(self) -> "_Open":
        loop = asyncio.get_running_loop()
        here = self._open
        if here is None or here.loop is not loop:
            session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._max_connections),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=self._timeouts.connect_s),
                cookie_jar=_NoCookies(),
                trust_env=False,
                headers={"Accept-Encoding": "identity", "User-Agent": "callboard"},
            )
            here = self._open = _Open(loop, session, Deadlines(loop))
        return here


class _Open(NamedTuple):
    loop: asyncio.AbstractEventLoop
    session: aiohttp.ClientSession
    deadlines: Deadlines


class _NoCookies(aiohttp.DummyCookieJar):
    """Keeps none, and has nothing to send: the same nothing for all requests."""

    def __init__(self) -> None:
        super().__init__()
        self._nothing = SimpleCookie()

    def filter_cookies(self, request_url: URL) -> BaseCookie[str]:
        del request_url
        return self._nothing


async def _drain(response: aiohttp.ClientResponse) -> None:
    """Give the last bytes of the HTTP framing a moment to come, so that the connection can be reused."""
    content = response.content
    if content.at_eof():
        return
    try:
        async with asyncio.timeout(_AFTER_THE_END_S):
            while await content.readany():
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


def _payload(body: bytes) -> aiohttp.BytesPayload | BytesIO:
    # Large bodies are written in pieces, so that other calls get their turn.
    return BytesIO(body) if len(body) >= _LARGE_BODY else aiohttp.BytesPayload(body)


def _failed(call: HttpCall, error: Exception) -> ModelError:
    if isinstance(error, TimeoutError):
        return failure("timeout", f"{call.provider} did not answer in time.")
    if isinstance(error, ValueError):
        message = f"{call.provider} cannot be asked: the base URL or a header is malformed."
        return failure("invalid_request", message)
    return failure("connection", f"{call.provider} cannot be reached: {_what(error)}.")


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
