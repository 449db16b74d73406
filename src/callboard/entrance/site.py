"""A site: what it is made of, what is started and stopped with it, and which of its surfaces answers."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Final, cast

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from callboard.entrance.asking import Site
from callboard.entrance.door import Door
from callboard.entrance.running import Running, Worker
from callboard.ports.model_facts import ModelFacts
from callboard.usecases.app import App
from callboard.usecases.openid_sign_in import OpenId

_OF_THE_API: Final = ("/api/", "/healthz", "/readyz")
_MESSAGES: Final = "/hooks/"


@dataclass(frozen=True, slots=True)
class Parts:
    """What a site is made of. The app is opened when the site starts, and closed when it stops; `beside` is there for
    as long as both are.
    """

    open_app: Callable[[], Awaitable[App]]
    site: Site = field(default_factory=Site)
    version: str = "0"
    worker: Callable[[App], Worker] | None = None
    openid: OpenId | None = None
    facts: ModelFacts | None = None
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    beside: Callable[[App, Worker | None], AbstractAsyncContextManager[None]] | None = None


def prepare(surface: FastAPI, parts: Parts) -> None:
    """Give a surface what is known before the app is open."""
    surface.state.site = parts.site
    surface.state.stopping = parts.stopping
    surface.state.openid = parts.openid
    surface.state.facts = parts.facts
    surface.state.worker = None


@asynccontextmanager
async def opened(parts: Parts, surfaces: Sequence[FastAPI]) -> AsyncGenerator[None]:
    """Open the app, give it to every surface, and let the worker work for as long as the site serves."""
    app = await parts.open_app()
    worker = None if parts.worker is None else parts.worker(app)
    running = Running(app, worker)
    for surface in surfaces:
        surface.state.callboard, surface.state.running = app, running
        surface.state.worker = worker
    try:
        if worker is not None:
            await worker.start()
        async with contextlib.AsyncExitStack() as beside:
            if parts.beside is not None:
                await beside.enter_async_context(parts.beside(app, worker))
            yield
    finally:
        parts.stopping.set()
        if worker is not None:
            await worker.stop()
        await running.stop()
        await app.close()


def create_site(parts: Parts, api: FastAPI, pages: FastAPI | None = None) -> ASGIApp:
    """Return the site as an ASGI application, behind its door. The API opens the app, see `opened`."""
    inner: ASGIApp = api if pages is None else _Surfaces(api, pages)
    return Door(inner, lambda: cast("App", api.state.callboard), parts.site)


class _Surfaces:
    """Programs ask the API, browsers the pages."""

    def __init__(self, api: FastAPI, pages: FastAPI) -> None:
        self._api = api
        self._pages = pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request to the surface that it is for."""
        await (self._api if _is_for_api(scope) else self._pages)(scope, receive, send)


def _is_for_api(scope: Scope) -> bool:
    if scope["type"] == "lifespan" or scope["path"].startswith(_OF_THE_API):
        return True
    return scope.get("method") == "POST" and scope["path"].startswith(_MESSAGES)
