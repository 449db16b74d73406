"""The egress policy: from the text of a URL to the addresses that may be connected to.

A name is resolved once, its addresses are judged, and the connection is made to one of these: a name
that means something else a moment later has nothing to win.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence

from yarl import URL

from callboard.engine import hosts
from callboard.engine.addresses import is_address, is_loopback, objection
from callboard.engine.hosts import is_own_name
from callboard.ports.web import WebFailed

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""From host and port to addresses; raises OSError where there are none."""


async def system_addresses(host: str, port: int) -> Sequence[str]:
    """Ask the system's resolver."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


def web_url(text: str) -> URL:
    """Return a URL of the web, its host in the one spelling that is judged and connected to.

    Raises:
        WebFailed: not http or https, with a user name or password, or with a host that is no plain name.
    """
    try:
        url = URL(text)
        port = url.port
    except (ValueError, TypeError) as problem:
        raise WebFailed(f"This is not a URL: {problem}") from None
    if url.scheme not in {"http", "https"}:
        raise WebFailed(f"Only http and https can be reached, not {url.scheme or 'a bare path'}.")
    if url.user is not None or url.password is not None:
        raise WebFailed("A URL must not hold a user name or a password.")
    host = canonical_host(url.raw_host or "")
    if port is None or port == 0:
        raise WebFailed("The URL has no usable port.")
    return url.with_host(host)


def canonical_host(host: str) -> str:
    """Return a host name or address in the usual spelling.

    Raises:
        WebFailed: it is neither, or an address in a spelling that hides which one it is.
    """
    try:
        return hosts.canonical_host(host)
    except ValueError as problem:
        raise WebFailed(str(problem)) from None


class EgressPolicy:
    """Public addresses may be reached, others only where somebody said so.

    Args:
        allow: `host` or `host:port`, as they are written in URLs, that may be reached wherever they lead.
        resolve: asked once for every name.
    """

    def __init__(self, allow: Sequence[str] = (), resolve: Resolve = system_addresses) -> None:
        self._allow = frozenset(_allowed(entry) for entry in allow)
        self._resolve = resolve

    def permits(self, host: str, port: int) -> bool:
        """Whether somebody explicitly allowed this host."""
        return (host, port) in self._allow or (host, None) in self._allow

    async def addresses(self, host: str, port: int, *, own: bool = False) -> tuple[str, ...]:
        """Return the addresses to connect to for a canonical host; `own` permits this machine as well.

        Raises:
            WebFailed: the host does not resolve, or any of its addresses may not be reached.
        """
        permitted = self.permits(host, port)
        own = own and is_own_name(host)
        if is_own_name(host) and not (permitted or own):
            raise _refused(host, port, "this machine")
        found = (host,) if is_address(host) else await self._resolved(host, port)
        for address in found:
            reason = None if permitted or (own and is_loopback(address)) else objection(address)
            if reason is not None:
                raise _refused(host, port, reason)
        return found

    async def _resolved(self, host: str, port: int) -> tuple[str, ...]:
        try:
            found = tuple(await self._resolve(host, port))
        except (OSError, UnicodeError):
            found = ()
        if not found:
            raise WebFailed(f"{host} cannot be reached: its name does not resolve.")
        return found


def _refused(host: str, port: int, reason: str) -> WebFailed:
    return WebFailed(
        f"{host}:{port} may not be reached: it belongs to {reason}. The person who runs Callboard can"
        " permit it with CALLBOARD_WEB_ALLOW."
    )


def _allowed(entry: str) -> tuple[str, int | None]:
    text = entry.strip()
    if is_address(text):
        return canonical_host(text), None
    host, colon, port = text.rpartition(":")
    if colon and port.isdigit():
        return canonical_host(host), int(port)
    return canonical_host(text), None
