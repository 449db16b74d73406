"""Signing in through an identity provider: two places that a browser is sent to."""

from typing import Annotated, Final, cast

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from callboard.entrance.asking import From, TheApp, TheSite, let_in, remember
from callboard.entrance.places import local
from callboard.entrance.problems import RequestRefused
from callboard.usecases.openid_sign_in import Answer, OpenId, begin_sign_in, finish_sign_in

router = APIRouter()
TICKET: Final = "callboard_openid"
_PATH: Final = "/api/v1/openid"
Part = Annotated[str, Query(max_length=4000)]


class NoProvider(RequestRefused):
    """No identity provider is configured."""

    code = "no_identity_provider"
    status = 404


def _openid(request: Request) -> OpenId:
    found = cast("OpenId | None", request.app.state.openid)
    if found is None:
        raise NoProvider("no identity provider is configured here; set CALLBOARD_OIDC_ISSUER")
    return found


@router.get("/openid/start")
async def start(
    app: TheApp,
    site: TheSite,
    request: Request,
    *,
    wanted: Annotated[Part, Query(alias="next")] = "/",
) -> Response:
    """Send the browser to the identity provider, and afterwards to the page `next` of this site."""
    base = site.url or f"http://{request.headers['host']}"
    openid, back = _openid(request), f"{base}{_PATH}/finish"
    begun = await begin_sign_in(app, openid, back, local(wanted))
    response = RedirectResponse(begun.address, 303)
    remember(response, site, TICKET, begun.ticket, for_s=600, path=_PATH)
    return response


@router.get("/openid/finish")
async def finish(
    app: TheApp, site: TheSite, origin: From, request: Request, *, state: Part = "", code: Part = ""
) -> Response:
    """Take the browser back, with what the provider says."""
    answer = Answer(state, code, request.cookies.get(TICKET, ""))
    signed_in = await finish_sign_in(app, _openid(request), answer, origin)
    response = RedirectResponse(signed_in.next, 303)
    let_in(response, site, signed_in.issued)
    response.delete_cookie(TICKET, path=_PATH)
    return response
