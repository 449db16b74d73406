"""A proxy for HTTP: tunnels and plain requests, judged by one rule, connected to what was judged.

What comes in is hostile. A connection is for one request; heads, fields, buffers, connections and waiting are bounded.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from callboard.ports.web import WebFailed
from callboard.web_access.egress.heads import Head, NoRequest, read_head
from callboard.web_access.egress.relay import Streams, connected, ended, lingered, relay

_ALL = -1
_ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"
_MOST_CONNECTIONS = 256
_HEAD_S = 30.0
_IDLE_S = 300.0


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a request goes, after it was judged.

    Attributes:
        addresses: what may be connected to; nothing is resolved again.
        port: where to.
        opening: what the server is told first.
        tls: speaks TLS to the server, under `name`; None: passes bytes on as they are.
        name: the name that the server's certificate must be for.
        hidden: what the client must not see in the answer.
    """

    addresses: Sequence[str]
    port: int
    opening: bytes = field(default=b"", repr=False)
    tls: ssl.SSLContext | None = None
    name: str | None = None
    hidden: bytes = field(default=b"", repr=False)


Judge = Callable[[Head], Awaitable[Destination]]
"""Raises WebFailed for a refusal; the message is fit for the client."""


class Connections:
    """The connections of one proxy. `accept` is what an asyncio server calls; its `limit` is `heads.LARGEST_HEAD`."""

    def __init__(
        self, judge: Judge, *, most: int = _MOST_CONNECTIONS, idle_s: float = _IDLE_S
    ) -> None:
        self._judge = judge
        self._most = most
        self._idle_s = idle_s
        self._running: set[asyncio.Task[None]] = set()

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one more."""
        if len(self._running) >= self._most:
            writer.write(_answer(503, "There are too many connections."))
            writer.close()
            return
        task = asyncio.ensure_future(self._serve((reader, writer)))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def close(self) -> None:
        """End all of them. Idempotent."""
        running = tuple(self._running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def _serve(self, client: Streams) -> None:
        try:
            refusal = await self._passed_on(client)
            if refusal:
                client[1].write(refusal)
                await lingered(client)
        finally:
            await ended(client)

    async def _passed_on(self, client: Streams) -> bytes:
        """Serve a request; return what to say where there was no server to say anything."""
        try:
            async with asyncio.timeout(_HEAD_S):
                head = read_head(await client[0].readuntil(b"\r\n\r\n"))
        except NoRequest as problem:
            return _answer(400, str(problem))
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            return _answer(400, "This is not a request to a proxy.")
        try:
            there = await self._judge(head)
            server = await connected(there.addresses, there.port, there.tls, there.name)
        except WebFailed as refused:
            return _answer(403, f"Not allowed: {refused}")
        except OSError:
            return _answer(502, "There is no connection to this host.")
        except Exception:  # noqa: BLE001 - what goes wrong with one request stays with it
            return _answer(502, "The proxy could not judge this request.")
        try:
            client[1].write(_ESTABLISHED if head.tunnel else b"")
            server[1].write(there.opening)
            body = _ALL if head.tunnel else head.body
            await relay(client, server, body, idle_s=self._idle_s, hidden=there.hidden)
        finally:
            await ended(server)
        return b""


def _answer(status: int, text: str) -> bytes:
    body = f"{text}\n".encode()
    head = (
        f"HTTP/1.1 {status} Refused\r\nContent-Type: text/plain; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body
