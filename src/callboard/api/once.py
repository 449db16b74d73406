"""`Idempotency-Key`: a POST that its sender repeats is done once."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Final, cast

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from callboard.domain.errors import CallboardError
from callboard.entrance.asking import Asker
from callboard.entrance.problems import RequestRefused, status_of
from callboard.usecases.app import App
from callboard.usecases.repeats import Request as Repeatable
from callboard.usecases.repeats import answered, begin_once, refused

Handler = Callable[[Request], Coroutine[Any, Any, Response]]
HEADER: Final = "Idempotency-Key"
SHOWN_ONCE: Final = "X-Callboard-Shown-Once"
"""Marks an answer that holds a secret: it is not kept to be given again."""


class ShownOnce(RequestRefused):
    """The request was done, and its answer held what is shown once."""

    code = "idempotency_shown_once"
    status = 409


class Flights:
    """The requests of this process that are under way. A duplicate waits for the first one; those of other
    processes meet in the database.
    """

    def __init__(self) -> None:
        self._under_way: dict[str, asyncio.Event] = {}

    @asynccontextmanager
    async def alone(self, name: str) -> AsyncGenerator[None]:
        """Wait until no other request of this name is under way; from then on this one is."""
        while (other := self._under_way.get(name)) is not None:
            await other.wait()
        landed = self._under_way[name] = asyncio.Event()
        try:
            yield
        finally:
            del self._under_way[name]
            landed.set()


class OnceRoute(APIRoute):
    """A route whose POST is done once per key."""

    def get_route_handler(self) -> Handler:
        """Wrap the handler."""
        inner = super().get_route_handler()
        if "POST" not in (self.methods or ()):
            return inner

        async def handler(request: Request) -> Response:
            key = request.headers.get(HEADER)
            asker = cast("Asker | None", getattr(request.state, "asker", None))
            if key is None or asker is None:
                return await inner(request)
            if not 1 <= len(key) <= 255:
                raise RequestRefused("an Idempotency-Key has 1 to 255 characters")
            content = f"{request.method} {request.url.path}?{request.url.query}\n".encode()
            once = Repeatable(asker.account, key, content + await request.body())
            flights = cast("Flights", request.app.state.flights)
            async with flights.alone(once.name):
                return await _once(request.app.state.callboard, once, inner, request)

        return handler


async def _once(app: App, once: Repeatable, inner: Handler, request: Request) -> Response:
    before = await begin_once(app, once)
    if before is not None:
        if before.body is None:
            raise ShownOnce("this was done before; its answer was shown once and is not kept")
        headers = {"Idempotency-Replayed": "true"}
        return Response(before.body, before.status or 200, headers, before.media)
    try:
        response = await inner(request)
    except (CallboardError, RequestValidationError, HTTPException) as error:
        if not isinstance(error, CallboardError) or status_of(error) < 500:
            await refused(app, once)
        raise
    if 400 <= response.status_code < 500:
        await refused(app, once)
        return response
    body = None if response.headers.get(SHOWN_ONCE) else bytes(response.body).decode()
    media = response.headers.get("content-type", "")
    await answered(app, once, response.status_code, media, body)
    return response
