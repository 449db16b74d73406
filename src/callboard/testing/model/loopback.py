"""A model endpoint on this machine: real sockets, scripted answers, any kind of trouble."""

import asyncio
import json
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Literal, Self

from aiohttp import web

from callboard.providers.scripted.script import ScriptedError, Turn
from callboard.testing.model.voices.chat import chat_events
from callboard.testing.model.voices.gemini import gemini_events
from callboard.testing.model.voices.messages import messages_events

Voice = Literal["chat", "messages", "gemini"]

VOICES: Mapping[Voice, Callable[[Turn], list[bytes]]] = {
    "chat": chat_events,
    "messages": messages_events,
    "gemini": gemini_events,
}
_STATUS = {
    "auth": 401,
    "not_found": 404,
    "invalid_request": 400,
    "context_too_long": 413,
    "rate_limited": 429,
    "overloaded": 529,
    "timeout": 408,
}


@dataclass(frozen=True, slots=True)
class Reply:
    """One HTTP answer: its blocks are sent one by one, and then it ends, breaks off or hangs."""

    blocks: Sequence[bytes] = ()
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    then: Literal["end", "reset", "hang"] = "end"


@dataclass(frozen=True, slots=True)
class ReceivedRequest:
    """What a client sent."""

    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, parsed."""
        return json.loads(self.body)


def reply_for(turn: Turn, voice: Voice) -> Reply:
    """Return a turn as a vendor would send it."""
    if turn.error is not None:
        return _refusal(turn.error)
    headers = {"Content-Type": "text/event-stream"}
    return Reply(VOICES[voice](turn), headers=headers)


class LoopbackEndpoint:
    """Serves replies in order, on any path; an asynchronous context manager.

    A request without a reply is answered with status 500.
    """

    def __init__(self, *replies: Reply) -> None:
        self._replies = deque(replies)
        self._runner: web.AppRunner | None = None
        self.url = ""
        self.received: list[ReceivedRequest] = []
        self.hanging = asyncio.Event()
        self.client_left = asyncio.Event()

    @property
    def bodies(self) -> list[bytes]:
        """The bodies received, in order."""
        return [request.body for request in self.received]

    def will(self, *replies: Reply) -> None:
        """Queue more replies."""
        self._replies.extend(replies)

    async def __aenter__(self) -> Self:
        """Listen on a free port."""
        app = web.Application(client_max_size=1 << 30)
        app.router.add_route("*", "/{path:.*}", self._serve)
        # A handler whose client goes away is cancelled: that is how a closed connection is noticed.
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        self.received.append(
            ReceivedRequest(
                request.path,
                request.query_string,
                {name.lower(): value for name, value in request.headers.items()},
                await request.read(),
            )
        )
        reply = self._reply(request.path)
        try:
            return await self._send(request, reply)
        except asyncio.CancelledError:
            self.client_left.set()
            raise

    def _reply(self, path: str) -> Reply:
        del path
        return self._replies.popleft() if self._replies else Reply(status=500)

    async def _send(self, request: web.Request, reply: Reply) -> web.StreamResponse:
        response = web.StreamResponse(status=reply.status, headers=dict(reply.headers))
        if reply.blocks or reply.then != "hang":
            await response.prepare(request)
        for block in reply.blocks:
            await response.write(block)
        if reply.then == "hang":
            self.hanging.set()
            await asyncio.Event().wait()
        if reply.then == "reset" and request.transport is not None:
            request.transport.abort()
            return response
        await response.write_eof()
        return response


class LoopbackSite(LoopbackEndpoint):
    """Serves the same reply for a path whenever it is asked for; other paths are not found."""

    def __init__(self, pages: Mapping[str, Reply]) -> None:
        super().__init__()
        self.pages = dict(pages)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.url.rpartition(":")[2])

    def _reply(self, path: str) -> Reply:
        missing = Reply([b"There is no such page."], 404, {"Content-Type": "text/plain"})
        return self.pages.get(path, missing)


def _refusal(error: ScriptedError) -> Reply:
    headers = {"Content-Type": "application/json"}
    if error.retry_after_s is not None:
        headers["Retry-After"] = str(error.retry_after_s)
    status = error.status or _STATUS.get(error.reason, 500)
    body = json.dumps({"error": {"message": error.message}}).encode()
    return Reply((body,), status=status, headers=headers)
