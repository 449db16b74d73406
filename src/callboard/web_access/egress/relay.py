"""Bytes between a client and a server: bounded buffers, and an end to what stands still."""

import asyncio
import ssl
from collections.abc import Callable, Sequence
from contextlib import suppress

from callboard.web_access.egress.concealing import Concealing

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]

_BLOCK = 1 << 16
_CONNECT_S = 10.0
_MOST_ADDRESSES = 4
_ENDING_S = 5.0
_LINGER_S = 2.0
_GONE_S = 10.0
_LONGEST_CHUNK_LINE = 200
_MOST_TRAILERS = 100


async def connected(
    found: Sequence[str], port: int, tls: ssl.SSLContext | None = None, name: str | None = None
) -> Streams:
    """Return a connection to the first address that takes one; with TLS for a name, where a context is given.

    Raises:
        OSError: none does.
        TimeoutError: none does in time.
    """
    problem: OSError = OSError("no address")
    for address in found[:_MOST_ADDRESSES]:
        try:
            async with asyncio.timeout(_CONNECT_S):
                return await asyncio.open_connection(address, port, ssl=tls, server_hostname=name)
        except OSError as error:  # a timeout is one, too
            problem = error
    raise problem


async def relay(
    client: Streams, server: Streams, body: int | None, *, idle_s: float, hidden: bytes = b""
) -> None:
    """Pass on until the server has nothing more to say, or nobody has said anything for `idle_s` seconds.

    Who says that nothing more will come may still be listening, or be gone: then it is for ten seconds at most.

    Args:
        client: who asks.
        server: who answers.
        body: how many bytes of the client's go on; None: chunks, -1: all there are.
        idle_s: how long nothing may happen.
        hidden: what is made unreadable in the answer.
    """
    loop = asyncio.get_running_loop()
    patience_s = idle_s
    with suppress(TimeoutError):
        async with asyncio.timeout(idle_s) as limit:

            def moved() -> None:
                limit.reschedule(loop.time() + patience_s)

            def left() -> None:
                nonlocal patience_s
                patience_s = min(idle_s, _GONE_S)
                moved()

            onward = asyncio.ensure_future(_onward(client[0], server[1], body, moved, left))
            try:
                await _back(server[0], client[1], moved, hidden)
            finally:
                onward.cancel()
                await asyncio.gather(onward, return_exceptions=True)


async def ended(streams: Streams) -> None:
    """Close a connection, and what does not take its last bytes in time."""
    writer = streams[1]
    try:
        async with asyncio.timeout(_ENDING_S):
            await writer.drain()
            writer.close()
            await writer.wait_closed()
    except OSError:
        writer.transport.abort()
    except BaseException:
        writer.transport.abort()
        raise


async def lingered(streams: Streams) -> None:
    """Let a client read its answer: closed with bytes of the client's unread, a connection loses what was written."""
    reader, writer = streams
    with suppress(OSError):
        async with asyncio.timeout(_LINGER_S):
            await writer.drain()
            if writer.can_write_eof():
                writer.write_eof()
            while await reader.read(_BLOCK):
                pass


async def _onward(
    source: asyncio.StreamReader,
    sink: asyncio.StreamWriter,
    body: int | None,
    moved: Callable[[], None],
    left: Callable[[], None],
) -> None:
    try:
        if body is None:
            await _chunks(source, sink, moved)
        elif body < 0:
            await _bytes(source, sink, None, moved)
            if sink.can_write_eof():
                sink.write_eof()
        else:
            await _bytes(source, sink, body, moved)
        if not await source.read(1):  # anything else is of no interest: one connection, one request
            left()
    except (OSError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        sink.transport.abort()


async def _bytes(
    source: asyncio.StreamReader,
    sink: asyncio.StreamWriter,
    left: int | None,
    moved: Callable[[], None],
) -> None:
    while left is None or left > 0:
        block = await source.read(_BLOCK if left is None else min(_BLOCK, left))
        if not block:
            if left is not None:
                raise ValueError("the body breaks off")
            return
        left = None if left is None else left - len(block)
        sink.write(block)
        await sink.drain()
        moved()


async def _chunks(
    source: asyncio.StreamReader, sink: asyncio.StreamWriter, moved: Callable[[], None]
) -> None:
    """Pass on a body in chunks, written anew: sizes without extensions, no trailers."""
    while size := _size(await source.readuntil(b"\r\n")):
        sink.write(b"%x\r\n" % size)
        await _bytes(source, sink, size, moved)
        if await source.readexactly(2) != b"\r\n":
            raise ValueError("a chunk does not end")
        sink.write(b"\r\n")
    for _ in range(_MOST_TRAILERS):
        if await source.readuntil(b"\r\n") == b"\r\n":
            sink.write(b"0\r\n\r\n")
            await sink.drain()
            return
    raise ValueError("too many trailers")


def _size(line: bytes) -> int:
    digits = line[:-2].partition(b";")[0].strip(b" \t")
    if len(line) > _LONGEST_CHUNK_LINE or not 0 < len(digits) < 16 or not digits.isalnum():
        raise ValueError("no size of a chunk")
    return int(digits, 16)


async def _back(
    source: asyncio.StreamReader,
    sink: asyncio.StreamWriter,
    moved: Callable[[], None],
    hidden: bytes,
) -> None:
    concealing = Concealing(hidden) if hidden else None
    with suppress(OSError):
        while block := await source.read(_BLOCK):
            sink.write(concealing.feed(block) if concealing else block)
            await sink.drain()
            moved()
        if concealing:
            sink.write(concealing.rest())
