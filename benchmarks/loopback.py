"""A chat completions server that answers at once: one tool call per turn, then text.

Runs in a process of its own, so that its work is not counted as anybody else's. How many turns a run has, it was told
when it was started; a model's name may say otherwise: `bench-50` answers with 49 calls and then text, `slow-50` does so
after 20 ms each, `text-500` with a text of 500 pieces. It counts the turns of a run by the results in the request, and streams where it is asked to. A GET
is answered with how often it was asked so far.
"""

import asyncio
import json
import multiprocessing
import re
from collections.abc import Generator
from contextlib import contextmanager
from functools import cache
from multiprocessing.connection import Connection

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_MODEL = re.compile(rb'"model": *"(bench|slow|text)-(\d+)"')
_SLOW_S = 0.02
_STREAMED = re.compile(rb'"stream": *true')
_USAGE = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120, "cost": 0.0001}
_HEAD = {"id": "c1", "model": "bench", "created": 1_750_000_000}


def _chunk(delta: dict[str, object], finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    body = _HEAD | {"object": "chat.completion.chunk", "choices": [choice]}
    return b"data: " + json.dumps(body).encode() + b"\n\n"


def _usage() -> bytes:
    body = _HEAD | {"object": "chat.completion.chunk", "choices": [], "usage": _USAGE}
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


@cache
def _text(pieces: int = 1) -> bytes:
    first = _chunk({"role": "assistant", "content": "done"})
    return first + _chunk({"content": "word "}) * (pieces - 1) + _chunk({}, "stop") + _usage()


def _whole(n: int | None) -> bytes:
    message: dict[str, object] = {"role": "assistant", "content": "done"}
    if n is not None:
        function = {"name": "look", "arguments": f'{{"path": "a{n}.txt"}}'}
        call = {"id": f"call_{n}", "type": "function", "function": function}
        message |= {"content": None, "tool_calls": [call]}
    finish = "stop" if n is None else "tool_calls"
    choice = {"index": 0, "message": message, "finish_reason": finish}
    body = _HEAD | {"object": "chat.completion", "choices": [choice], "usage": _USAGE}
    return json.dumps(body).encode()


def _response(body: bytes) -> bytes:
    kind = b"text/event-stream" if body.startswith(b"data") else b"application/json"
    head = (
        b"HTTP/1.1 200 OK\r\ncontent-type: %b\r\n"
        b"content-length: %d\r\nconnection: keep-alive\r\n\r\n"
    )
    return head % (kind, len(body)) + body


def answer_to(request: bytes, turns: int) -> bytes:
    """Return the answer to a request's body, of a run of so many turns where the model's name does not say."""
    named = _MODEL.search(request)
    if named is not None and named[1] == b"text":
        return _text(int(named[2]))
    turns = int(named[2]) if named is not None else turns
    done = request.count(b'"tool_call_id"')
    is_last = done >= turns - 1
    if _STREAMED.search(request) is None:
        return _whole(None if is_last else done)
    return _text() if is_last else _call(done)


class _Server(asyncio.Protocol):
    """Reads requests by their length; counts tool results in the body to know the turn."""

    asked = 0

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
            counts = self._buffer.startswith(b"GET")
            request = bytes(self._buffer[end + 4 : end + 4 + length])
            del self._buffer[: end + 4 + length]
            _Server.asked += not counts
            answer = b"%d" % _Server.asked if counts else answer_to(request, self._turns)
            if b'"slow-' in request:
                asyncio.get_running_loop().call_later(_SLOW_S, self._write, _response(answer))
            else:
                self._write(_response(answer))

    def _write(self, response: bytes) -> None:
        assert self._transport is not None
        if not self._transport.is_closing():
            self._transport.write(response)


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
