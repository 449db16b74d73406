"""The only way out of the browser: a proxy that judges every connection, redirects and sockets included.

What the browser itself would do is not enough: it follows redirects without asking, and resolves names
once more than whoever checked them.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

from callboard.ports.web import WebFailed

Addresses = Callable[[str, int], Awaitable[Sequence[str]]]
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]

_LARGEST_HEAD = 64 * 1024
_BLOCK = 1 << 16
_CONNECT_S = 10.0
_ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"
_DROPPED = ("connection:", "proxy-connection:", "proxy-authorization:", "keep-alive:")


@asynccontextmanager
async def proxy(addresses: Addresses, socket_path: Path | None = None) -> AsyncGenerator[str]:
    """Run a proxy while the block runs; give its `host:port`, or the path of its socket.

    Args:
        addresses: from host and port to where to connect to; raises WebFailed for a refusal.
        socket_path: where to listen; None: a free port of this machine.
    """
    running: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(_serve((reader, writer), addresses))
        running.add(task)
        task.add_done_callback(running.discard)

    if socket_path is not None:
        server = await asyncio.start_unix_server(accept, socket_path, limit=_LARGEST_HEAD)
        place = str(socket_path)
    else:
        server = await asyncio.start_server(accept, "127.0.0.1", 0, limit=_LARGEST_HEAD)
        place = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield place
    finally:
        server.close()
        for task in tuple(running):
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def _serve(client: Streams, addresses: Addresses) -> None:
    reader, writer = client
    try:
        head = await reader.readuntil(b"\r\n\r\n")
        host, port, greeting, opening = _understood(head)
        upstream = await _connected(await addresses(host, port), port)
        try:
            writer.write(greeting)
            upstream[1].write(opening)
            await _relay(client, upstream)
        finally:
            upstream[1].close()
    except WebFailed as refused:
        writer.write(_answer(403, f"Not allowed: {refused}"))
    except (ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        writer.write(_answer(400, "This is not a request to a proxy."))
    except (OSError, TimeoutError):
        writer.write(_answer(502, "There is no connection to this host."))
    finally:
        with suppress(OSError):
            await writer.drain()
        writer.close()


def _understood(head: bytes) -> tuple[str, int, bytes, bytes]:
    """Return host, port, what the client is told first, and what the server is told first.

    Plain requests are told to end the connection, so that each connection is for one host.
    """
    line, *fields = head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
    method, target, version = line.split(" ")
    if method == "CONNECT":
        parts = urlsplit(f"//{target}")
        if not parts.hostname or not parts.port:
            raise ValueError(target)
        return parts.hostname, parts.port, _ESTABLISHED, b""
    parts = urlsplit(target)
    if parts.scheme != "http" or not parts.hostname:
        raise ValueError(target)
    path = parts.path or "/"
    kept = [field for field in fields if not field.lower().startswith(_DROPPED)]
    if parts.query:
        path += f"?{parts.query}"
    opening = "\r\n".join([f"{method} {path} {version}", *kept, "Connection: close", "", ""])
    return parts.hostname, parts.port or 80, b"", opening.encode("latin-1")


async def _connected(found: Sequence[str], port: int) -> Streams:
    problem: OSError = OSError("no address")
    for address in found:
        try:
            async with asyncio.timeout(_CONNECT_S):
                return await asyncio.open_connection(address, port)
        except OSError as error:
            problem = error
    raise problem


async def _relay(client: Streams, upstream: Streams) -> None:
    """Copy both ways until the server has nothing more to say."""
    onward = asyncio.ensure_future(_copy(client[0], upstream[1]))
    try:
        await _copy(upstream[0], client[1])
    finally:
        onward.cancel()
        await asyncio.gather(onward, return_exceptions=True)


async def _copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while block := await source.read(_BLOCK):
            sink.write(block)
            await sink.drain()


def _answer(status: int, text: str) -> bytes:
    body = text.encode()
    head = (
        f"HTTP/1.1 {status} Refused\r\nContent-Type: text/plain; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body
