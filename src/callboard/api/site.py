"""The API: its routes, and what its refusals look like."""

from collections.abc import Callable
from functools import cache
from typing import Any, Final, cast

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from callboard.api.once import Flights
from callboard.api.routes import (
    access,
    agents,
    audit,
    credentials,
    gates,
    hooks,
    inbox,
    limits,
    money,
    openid,
    people,
    performance,
    roster,
    runs,
    schedules,
    spaces,
    tasks,
    templates,
    webhooks,
    workflows,
)
from callboard.api.streaming import Pace
from callboard.domain.errors import CallboardError
from callboard.entrance.asking import Streams
from callboard.entrance.probes import ready_answer
from callboard.entrance.problems import DOCUMENTED, of_error, of_fields, problem
from callboard.entrance.site import Parts, opened, prepare
from callboard.usecases.health import readiness

_ABOUT: Final = (
    "The use cases of Callboard. Give a token as `Authorization: Bearer cb_…`, or sign in for a cookie. Lists come in"
    " pages; a POST with an `Idempotency-Key` is done once; refusals are problem documents with a stable `code`."
)
_CODES: Final = {404: "unknown", 405: "method_not_allowed", 406: "not_acceptable"}


def create_api(parts: Parts, *others: FastAPI) -> FastAPI:
    """Return the routes. Without the door before them nobody is known: see `create_site`. The app is opened when
    they are started, and given to the other surfaces too.
    """
    api = FastAPI(
        title="Callboard",
        version=parts.version,
        description=_ABOUT,
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lambda api: opened(parts, (api, *others)),
        generate_unique_id_function=_operation,
    )
    prepare(api, parts)
    api.state.streams = Streams()
    api.state.flights = Flights()
    api.state.pace = Pace()
    api.router.routes.extend(_routes())
    api.add_api_route("/healthz", _health, include_in_schema=False)
    api.add_api_route("/readyz", _ready, include_in_schema=False)
    for kind, handler in _HANDLERS.items():
        api.add_exception_handler(kind, handler)
    return api


@cache
def _routes() -> tuple[BaseRoute, ...]:
    """Return the routes of the use cases: they know nothing of a site, and reading what they take and give takes long."""
    routed = (
        *(people, spaces, access, tasks, workflows, inbox, runs, gates, agents, roster, templates),
        *(credentials, money, limits, performance, schedules, hooks, webhooks, audit),
    )
    whole = APIRouter(generate_unique_id_function=_operation)
    for module in routed:
        whole.include_router(module.router, prefix="/api/v1", responses=DOCUMENTED)
    whole.include_router(hooks.open_router, include_in_schema=False)
    whole.include_router(openid.router, prefix="/api/v1", include_in_schema=False)
    return tuple(whole.routes)


def _operation(route: APIRoute) -> str:
    """Return the name of an operation in the OpenAPI document."""
    return "_".join([*map(str, route.tags[:1]), route.name.rstrip("_")])


async def _health() -> JSONResponse:
    """Tell that the process serves."""
    return JSONResponse({"status": "ok"})


async def _ready(request: Request) -> Response:
    """Tell whether the process can do its part."""
    return ready_answer(await readiness(request.app.state.callboard, request.app.state.worker))


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
