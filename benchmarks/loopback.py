"""A chat completions server that answers at once: one tool call per turn, then text.

Runs in a process of its own, so that its work is not counted as anybody else's. The answer depends on
the number of requests on the connection's run only through the `turns` header that clients send.
"""

import asyncio
import json
import multiprocessing
import re
from collections.abc import Generator
from contextlib import contextmanager
from multiprocessing.connection import Connection

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


def _chunk(delta: dict[str, object], finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    body = {"id": "c1", "model": "bench", "object": "chat.completion.chunk", "choices": [choice]}
    return b"data: " + json.dumps(body).encode() + b"\n\n"


def _usage() -> bytes:
    usage = {"prompt_tokens": 100, "completion_tokens": 20, "cost": 0.0001}
    body = {"id": "c1", "model": "bench", "choices": [], "usage": usage}
    return b"data: " + json.dumps(body).encode() + b"\n\ndata: [DONE]\n\n"


def _call(n: int) -> bytes:
    function = {"name": "look", "arguments": ""}
    call = {"index": 0, "id": f"call_{n}", "type": "function", "function": function}
    more = f'"a{n}.txt"}}'  # another file each turn: reading one for ever is a loop, and is stopped
    pieces = [
        _chunk({"role": "assistant", "content": None, "tool_calls": [call]}),
        _chunk({"tool_calls": [{"index": 0, "function": {"arguments": '{"path": '}}]}),
        _chunk({"tool_calls": [{"index": 0, "function": {"arguments": more}}]}),
        _chunk({}, "tool_calls"),
    ]
    return b"".join(pieces) + _usage()


def _text() -> bytes:
    return _chunk({"role": "assistant", "content": "done"}) + _chunk({}, "stop") + _usage()


def _response(body: bytes) -> bytes:
    head = (
        b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
        b"content-length: %d\r\nconnection: keep-alive\r\n\r\n"
    )
    return head % len(body) + body


class _Server(asyncio.Protocol):
    """Reads requests by their length; counts tool results in the body to know the turn."""

    def __init__(self, turns: int) -> None:
        self._turns = turns
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            found = _LENGTH.search(self._buffer, 0, end)
            length = int(found.group(1)) if found else 0
            if len(self._buffer) < end + 4 + length:
                return
            done = self._buffer.count(b'"tool_call_id"', end)
            del self._buffer[: end + 4 + length]
            answer = _text() if done >= self._turns - 1 else _call(done)
            assert self._transport is not None
            self._transport.write(_response(answer))


def _serve(turns: int, pipe: "Connection[object, object]") -> None:
    async def serve() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: _Server(turns), "127.0.0.1", 0)
        pipe.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(serve())


@contextmanager
def server(turns: int) -> Generator[str]:
    """Serve runs of `turns` turns; yields the base URL (`…/v1`)."""
    mine, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(
        target=_serve, args=(turns, theirs), daemon=True
    )
    process.start()
    try:
        yield f"http://127.0.0.1:{mine.recv()}/v1"
    finally:
        process.kill()
        process.join()
