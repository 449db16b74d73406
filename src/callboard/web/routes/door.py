"""Before anybody is known: signing in and out, and the first owner."""

import json
from typing import Final

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from callboard.domain.errors import CallboardError, NotSignedIn, TooManyAttempts
from callboard.entrance.asking import COOKIE, From, let_in
from callboard.entrance.places import local
from callboard.usecases.first_owner import FirstOwner, check_setup_link, is_nobody_here, set_up
from callboard.usecases.sessions import IssuedSession, end_session
from callboard.usecases.signing_in import Claim, sign_in
from callboard.web.door_pages import Kept, Refused, SetUp, SignIn
from callboard.web.faults import said_of
from callboard.web.form_routes import FormRoute, OpenFormRoute
from callboard.web.forms import Fields
from callboard.web.visit import Anybody, At, AtDoor

open_router = APIRouter(route_class=OpenFormRoute)
router = APIRouter(route_class=FormRoute)
_WRONG: Final = "Name or password is wrong."


@open_router.get("/sign-in")
async def sign_in_form(at: AtDoor) -> Response:
    """Ask who it is."""
    if getattr(at.request.state, "asker", None) is not None:
        return RedirectResponse(local(at.query("next", "/")), 303)
    return await at.show(SignIn(local(at.query("next", "/")), openid=_has_openid(at)))


@open_router.post("/sign-in")
async def signed_in(at: AtDoor, origin: From) -> Response:
    """Let somebody in who knows their password, and send them where they wanted to go."""
    fields, held = at.fields, _held(at.fields)
    try:
        issued = await sign_in(at.app, Claim(fields.text("name"), fields.raw("password")), origin)
    except (NotSignedIn, TooManyAttempts) as error:
        late = isinstance(error, TooManyAttempts)
        wrong = f"{str(error)[:1].upper()}{str(error)[1:]}." if late else _WRONG
        page = SignIn(
            local(fields.text("next", "/")),
            fields.text("name"),
            wrong,
            _has_openid(at),
            None if held is None else {k: fields.raw(k) for k in ("kept_path", "kept_fields")},
        )
        return await at.show(page, 429 if late else 401)
    if held is None:
        response: Response = RedirectResponse(local(fields.text("next", "/")), 303)
    else:
        response = await _again(at, held, issued)
    let_in(response, at.site, issued)
    return response


async def _again(at: Anybody, held: Kept, issued: IssuedSession) -> Response:
    """Show the form that waited, bound to the session that is just being given."""
    at.request.cookies[COOKIE] = issued.text
    return await at.show(held)


@router.post("/sign-out")
async def sign_out(at: At) -> Response:
    """End the session."""
    if at.asker.session is not None:
        await end_session(at.app, at.who, at.asker.session.id)
    response = at.go("/sign-in", "You are signed out.")
    response.delete_cookie(COOKIE, path="/")
    response.headers["Clear-Site-Data"] = '"cache"'  # so that nobody goes back to what they saw
    return response


@open_router.get("/setup")
async def set_up_form(at: AtDoor) -> Response:
    """Ask who the first owner is, whoever has the link."""
    link = at.query("link")
    try:
        await check_setup_link(at.app, link)
    except CallboardError as error:
        return await _useless(at, error)
    return await at.show(SetUp(link))


@open_router.post("/setup")
async def set_up_owner(at: AtDoor, origin: From) -> Response:
    """Make them the first owner, and let them in."""
    fields = at.fields
    link, email = fields.text("link"), fields.some("email")
    owner = FirstOwner(fields.text("id"), fields.text("name"), fields.raw("password"), email)
    try:
        issued = await set_up(at.app, link, owner, origin)
    except CallboardError as error:
        try:
            await check_setup_link(at.app, link)
        except CallboardError:
            return await _useless(at, error)
        page = SetUp(link, owner.id, owner.name, email or "", said_of(error, name="Your name"))
        return await at.show(page, 422)
    response = at.go("/", f"Welcome, {owner.name}. You own this Callboard.")
    let_in(response, at.site, issued)
    return response


async def _useless(at: Anybody, error: CallboardError) -> Response:
    here = await is_nobody_here(at.app)
    heading = "This link is of no use" if here else "Somebody is here already"
    return await at.show(Refused(heading, str(error), 404), 404)


def _has_openid(at: Anybody) -> bool:
    return at.request.app.state.openid is not None


def _held(fields: Fields) -> Kept | None:
    """Return the form that waited for the sign-in, as this very browser sent it back."""
    path, text = fields.text("kept_path"), fields.raw("kept_fields")
    if not path or local(path) != path:
        return None
    try:
        typed = json.loads(text)
        pairs = [(str(name), str(value)) for name, value in typed]
    except (ValueError, TypeError):
        return None
    return Kept(path, pairs, ())
