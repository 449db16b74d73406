"""The whole site: routes, the door before them, what is started and stopped with them."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final, cast

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp

from callboard.api.asking import Site, Streams
from callboard.api.door import Door
from callboard.api.once import Flights
from callboard.api.problems import DOCUMENTED, of_error, of_fields, problem
from callboard.api.routes import (
    access,
    agents,
    audit,
    credentials,
    gates,
    hooks,
    inbox,
    money,
    openid,
    people,
    performance,
    roster,
    runs,
    schedules,
    setup_page,
    spaces,
    tasks,
    webhooks,
    workflows,
)
from callboard.api.running import Running, Worker
from callboard.api.streaming import Pace
from callboard.domain.errors import CallboardError
from callboard.usecases.app import App
from callboard.usecases.openid_sign_in import OpenId

_ABOUT: Final = (
    "The use cases of Callboard. Give a token as `Authorization: Bearer cb_…`, or sign in for a cookie. Lists come in"
    " pages; a POST with an `Idempotency-Key` is done once; refusals are problem documents with a stable `code`."
)
_CODES: Final = {404: "unknown", 405: "method_not_allowed", 406: "not_acceptable"}


@dataclass(frozen=True, slots=True)
class Parts:
    """What a site is made of. The app is opened when the site starts, and closed when it stops."""

    open_app: Callable[[], Awaitable[App]]
    site: Site = field(default_factory=Site)
    version: str = "0"
    worker: Callable[[App], Worker] | None = None
    openid: OpenId | None = None
    extensions: tuple[APIRouter, ...] = ()
    stopping: asyncio.Event = field(default_factory=asyncio.Event)


def create_site(parts: Parts) -> ASGIApp:
    """Return the site as an ASGI application, behind its door."""
    api = create_api(parts)
    return Door(api, lambda: cast("App", api.state.callboard), parts.site)


def create_api(parts: Parts) -> FastAPI:
    """Return the routes. Without the door before them nobody is known: see `create_site`."""
    api = FastAPI(
        title="Callboard",
        version=parts.version,
        description=_ABOUT,
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lambda api: _lifespan(api, parts),
        generate_unique_id_function=_operation,
    )
    api.state.site = parts.site
    api.state.stopping = parts.stopping
    api.state.streams = Streams()
    api.state.openid = parts.openid
    api.state.flights = Flights()
    api.state.pace = Pace()
    routed = (
        *(people, spaces, access, tasks, workflows, inbox, runs, gates, agents, roster),
        *(credentials, money, performance, schedules, hooks, webhooks, audit),
    )
    for router in (*(module.router for module in routed), *parts.extensions):
        api.include_router(router, prefix="/api/v1", responses=DOCUMENTED)
    api.include_router(setup_page.router, include_in_schema=False)
    api.include_router(hooks.open_router, include_in_schema=False)
    api.include_router(openid.router, prefix="/api/v1", include_in_schema=False)
    api.add_api_route("/healthz", _health, include_in_schema=False)
    for kind, handler in _HANDLERS.items():
        api.add_exception_handler(kind, handler)
    return api


@asynccontextmanager
async def _lifespan(api: FastAPI, parts: Parts) -> AsyncGenerator[None]:
    app = await parts.open_app()
    worker = None if parts.worker is None else parts.worker(app)
    running = Running(app, worker)
    api.state.callboard, api.state.running = app, running
    try:
        if worker is not None:
            await worker.start()
        yield
    finally:
        parts.stopping.set()
        if worker is not None:
            await worker.stop()
        await running.stop()
        await app.close()


def _operation(route: APIRoute) -> str:
    """Return the name of an operation in the OpenAPI document."""
    return "_".join([*map(str, route.tags[:1]), route.name.rstrip("_")])


async def _health() -> JSONResponse:
    """Tell that the process serves."""
    return JSONResponse({"status": "ok"})


async def _refused(_: Request, error: Exception) -> Response:
    return of_error(cast("CallboardError", error))


async def _unfit(_: Request, error: Exception) -> Response:
    return of_fields(cast("RequestValidationError", error).errors())


async def _http(_: Request, error: Exception) -> Response:
    found = cast("HTTPException", error)
    code = _CODES.get(found.status_code, "invalid_request")
    return problem(found.status_code, code, str(found.detail), headers=found.headers)


_HANDLERS: Final[dict[type[Exception], Callable[[Request, Exception], Any]]] = {
    CallboardError: _refused,
    RequestValidationError: _unfit,
    HTTPException: _http,
}
