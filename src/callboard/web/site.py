"""The screens as one application: its pages, and what its refusals look like."""

import logging
from collections.abc import Callable
from functools import cache
from typing import Any, Final, cast
from urllib.parse import quote

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from callboard.domain.errors import CallboardError, NotSignedIn, RunArchived, UnknownThing
from callboard.entrance.problems import status_of
from callboard.entrance.site import Parts, prepare
from callboard.web.cards import show_card
from callboard.web.door_pages import Refused
from callboard.web.faults import said_of
from callboard.web.glance import Glances
from callboard.web.routes import ROUTERS
from callboard.web.static_files import static_files
from callboard.web.visit import Anybody, SignInFirst

log: Final = logging.getLogger("callboard.pages")
_HEADINGS: Final = {
    400: "That could not be read",
    401: "Please sign in",
    403: "Not allowed",
    404: "There is nothing here",
    405: "There is nothing here",
    409: "It is different by now",
    410: "This was put away",
    412: "Somebody changed it meanwhile",
    422: "That does not fit",
    429: "Too many attempts",
    502: "A model did not answer as it should",
    503: "Not available at the moment",
}
_LOST: Final = "The address may be mistyped, the thing may be gone, or it belongs to a space that is not yours."
_INSIDE: Final = "Something went wrong on the server. Its log says more, under the reference below."


@cache
def _routes() -> tuple[BaseRoute, ...]:
    """Return the routes of all pages: they know nothing of a site, and reading what they take takes long."""
    whole = APIRouter()
    for router in ROUTERS:
        whole.include_router(router)
    return tuple(whole.routes)


def create_pages(parts: Parts, *more: APIRouter) -> FastAPI:
    """Return the pages. They are opened together with the API, see `entrance.site`."""
    pages = FastAPI(version=parts.version, openapi_url=None, docs_url=None, redoc_url=None)
    prepare(pages, parts)
    pages.state.glances = Glances()
    pages.state.show_card = show_card
    pages.router.routes.append(static_files().route)
    pages.router.routes.extend(_routes())
    for router in more:
        pages.include_router(router)
    for kind, handler in _HANDLERS.items():
        pages.add_exception_handler(kind, handler)
    return pages


async def _sign_in_first(request: Request, _: Exception) -> Response:
    """Send whoever is not known to the door, and from there to where they wanted to go."""
    if request.method not in ("GET", "HEAD"):
        return await _show(request, 401, "Sign in, and send it again.")
    here = Anybody(request).here
    return RedirectResponse(
        "/sign-in" if here == "/" else f"/sign-in?next={quote(here, safe='/')}", 303
    )


async def _refused(request: Request, error: Exception) -> Response:
    found = cast("CallboardError", error)
    if isinstance(found, NotSignedIn):
        return await _sign_in_first(request, error)
    status = status_of(found)
    if status >= 500:
        return await _inside(request, error, status)
    detail = said_of(found)
    if isinstance(found, UnknownThing) and not isinstance(found, RunArchived):
        detail = f"{detail[:1].upper()}{detail[1:]}. {_LOST}"
    return await _show(request, status, detail)


async def _unfit(request: Request, error: Exception) -> Response:
    """Refuse an address whose parts cannot be."""
    del error
    return await _show(request, 404, _LOST)


async def _http(request: Request, error: Exception) -> Response:
    found = cast("HTTPException", error)
    return await _show(request, found.status_code, _LOST)


async def _inside(request: Request, error: Exception, status: int = 500) -> Response:
    """Say that it is our fault, and under which reference the log says more."""
    reference = Anybody(request).app.ids.run_id()
    log.error("%s %s %s", reference, request.method, ascii(request.url.path), exc_info=error)
    return await _show(request, status, _INSIDE, reference)


async def _show(request: Request, status: int, detail: str, reference: str = "") -> Response:
    heading = _HEADINGS.get(status, "Something went wrong")
    page = Refused(heading, detail[:4000], status, reference)
    return await Anybody(request).show(page, status)


_HANDLERS: Final[dict[type[Exception], Callable[[Request, Exception], Any]]] = {
    SignInFirst: _sign_in_first,
    CallboardError: _refused,
    RequestValidationError: _unfit,
    HTTPException: _http,
    Exception: _inside,
}
