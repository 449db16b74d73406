"""`ports.web.Fetcher` by HTTP: bounded, without cookies or credentials, judged anew at every redirect."""

import asyncio

import aiohttp
from yarl import URL

from callboard.ports.web import Fetched, WebFailed
from callboard.web_access.egress.connector import pinned_connector
from callboard.web_access.egress.policy import EgressPolicy, web_url
from callboard.web_access.fetching.body import require_text, unpacker_for
from callboard.web_access.services.failures import connection_problem

LARGEST = 5_000_000
MOST_REDIRECTS = 5
USER_AGENT = "callboard (an agent runtime; reads pages that a person or an agent asks for)"

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_HEADERS = {
    "Accept": "text/html, text/*;q=0.9, application/json;q=0.8, application/xml;q=0.8, */*;q=0.1",
    "Accept-Encoding": "gzip, deflate",
    "User-Agent": USER_AGENT,
}
_BLOCK = 1 << 16


class HttpFetcher:
    """See `ports.web.Fetcher`. At most 5 MB and 5 redirects, whatever is asked for."""

    def __init__(self, policy: EgressPolicy) -> None:
        self._policy = policy

    async def fetch(self, url: str, *, max_bytes: int, timeout_s: float) -> Fetched:
        """See `ports.web.Fetcher`."""
        try:
            async with asyncio.timeout(timeout_s):
                return await self._follow(web_url(url), min(max_bytes, LARGEST))
        except TimeoutError:
            raise WebFailed(f"There was no complete answer within {timeout_s:g} seconds.") from None

    async def _follow(self, url: URL, max_bytes: int) -> Fetched:
        for _ in range(MOST_REDIRECTS + 1):
            found = await self._request(url, max_bytes)
            if isinstance(found, Fetched):
                return found
            url = found
        raise WebFailed(f"It leads on and on: more than {MOST_REDIRECTS} redirects.")

    async def _request(self, url: URL, max_bytes: int) -> Fetched | URL:
        host, port = url.raw_host or "", url.port or 0
        addresses = await self._policy.addresses(host, port)
        try:
            async with (
                aiohttp.ClientSession(
                    connector=pinned_connector(addresses),
                    cookie_jar=aiohttp.DummyCookieJar(),
                    trust_env=False,
                    auto_decompress=False,
                    timeout=aiohttp.ClientTimeout(total=None),
                ) as session,
                session.get(url, headers=_HEADERS, allow_redirects=False) as response,
            ):
                return _redirect(url, response) or await _fetched(url, response, max_bytes)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            if isinstance(error, TimeoutError):
                raise
            message = f"{host} cannot be reached: {connection_problem(error)}."
            raise WebFailed(message) from None


def _redirect(url: URL, response: aiohttp.ClientResponse) -> URL | None:
    location = response.headers.get("Location")
    if response.status not in _REDIRECTS or location is None:
        return None
    try:
        onward = url.join(URL(location))
    except ValueError as problem:
        raise WebFailed(f"It leads to something that is no URL: {problem}") from None
    return web_url(str(onward))


async def _fetched(url: URL, response: aiohttp.ClientResponse, max_bytes: int) -> Fetched:
    content_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if response.status < 400:
        require_text(content_type)
    body, truncated = await _read(response, max_bytes)
    return Fetched(str(url), response.status, content_type, body, response.charset, truncated)


async def _read(response: aiohttp.ClientResponse, max_bytes: int) -> tuple[bytes, bool]:
    unpacker = unpacker_for(response.headers.get("Content-Encoding", ""))
    body = bytearray()
    async for block in response.content.iter_chunked(_BLOCK):
        body += unpacker.take(block, max_bytes + 1 - len(body))
        if len(body) > max_bytes:
            return bytes(body[:max_bytes]), True
    return bytes(body), False
