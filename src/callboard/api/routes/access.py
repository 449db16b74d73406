"""Who is let in: signing in, sessions, tokens, the first owner."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import Field

from callboard.api.cursors import Page, Wanted
from callboard.api.once import SHOWN_ONCE, OnceRoute
from callboard.api.shapes import (
    Asked,
    Me,
    NewTokenView,
    Password,
    SessionView,
    Short,
    TokenView,
)
from callboard.domain.actor import Actor
from callboard.entrance.asking import COOKIE, From, TheApp, TheAsker, TheSite, Who, let_in
from callboard.usecases.first_owner import FirstOwner, set_up
from callboard.usecases.sessions import (
    ListedSession,
    end_session,
    list_sessions,
)
from callboard.usecases.signing_in import Claim, sign_in
from callboard.usecases.tokens import (
    ListedToken,
    NewToken,
    create_token,
    list_tokens,
    revoke_token,
)

router = APIRouter(route_class=OnceRoute, tags=["access"])


class SignInAsked(Asked):
    """Who somebody says they are."""

    name: Short
    password: Password


class SetUpAsked(Asked):
    """The first owner, with the link that `callboard serve` printed."""

    link: Short
    id: Annotated[str, Field(max_length=64)]
    name: Short
    password: Password
    email: Short | None = None


class TokenAsked(Asked):
    """What a token is to be. Without `account` it is one's own; `days` null: until it is revoked."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    scopes: Annotated[list[Short], Field(min_length=1, max_length=50)]
    days: Annotated[int, Field(ge=1, le=3650)] | None = 90
    account: Actor | None = None


@router.get("/me")
async def me(asker: TheAsker) -> Me:
    """Tell who asks, and which rights they have."""
    who = asker.who
    scopes = None if who.scopes is None else sorted(who.scopes)
    return Me(actor=who.actor, role=who.role, spaces=dict(who.spaces), scopes=scopes, way=asker.way)


@router.post("/sessions", status_code=201)
async def open_(
    app: TheApp, site: TheSite, origin: From, body: SignInAsked, response: Response
) -> SessionView:
    """Sign in with a password. The session is in a cookie."""
    issued = await sign_in(app, Claim(body.name, body.password), origin)
    let_in(response, site, issued)
    response.headers[SHOWN_ONCE] = "yes"
    return SessionView.of(ListedSession(issued.session, None), issued.session.id)


@router.post("/setup", status_code=201)
async def first_owner(
    app: TheApp, site: TheSite, origin: From, body: SetUpAsked, response: Response
) -> SessionView:
    """Become the first owner, with the link that was printed. It is good once."""
    owner = FirstOwner(body.id, body.name, body.password, body.email)
    issued = await set_up(app, body.link, owner, origin)
    let_in(response, site, issued)
    return SessionView.of(ListedSession(issued.session, None), issued.session.id)


@router.get("/sessions")
async def own_sessions(app: TheApp, who: Who, asker: TheAsker, wanted: Wanted) -> Page[SessionView]:
    """List one's own sessions that are good, the oldest first."""
    found = await list_sessions(app, who)
    found.sort(key=lambda one: (one.session.created_at, one.session.id))
    cut, cursor = wanted.of_all(
        found, lambda one: (one.session.created_at.isoformat(), one.session.id)
    )
    current = None if asker.session is None else asker.session.id
    return Page(items=[SessionView.of(one, current) for one in cut], next_cursor=cursor)


@router.delete("/sessions/current", status_code=204)
async def sign_out(app: TheApp, who: Who, asker: TheAsker, response: Response) -> None:
    """Sign out."""
    await end_session(app, who, "current" if asker.session is None else asker.session.id)
    response.delete_cookie(COOKIE, path="/")


@router.delete("/sessions/{session_id}", status_code=204)
async def end(app: TheApp, who: Who, session_id: str) -> None:
    """End a session."""
    await end_session(app, who, session_id)


@router.get("/tokens")
async def own_tokens(
    app: TheApp,
    who: Who,
    wanted: Wanted,
    everybody: Annotated[bool, Query(alias="all", description="Those of everybody.")] = False,
) -> Page[TokenView]:
    """List tokens, without their texts, the oldest first."""
    found = await list_tokens(app, who, of_all=everybody)
    found.sort(key=lambda one: (one.token.created_at, one.token.id))
    cut, cursor = wanted.of_all(found, lambda one: (one.token.created_at.isoformat(), one.token.id))
    return Page(items=[TokenView.of(one) for one in cut], next_cursor=cursor)


@router.post("/tokens", status_code=201)
async def new_token(app: TheApp, who: Who, body: TokenAsked, response: Response) -> NewTokenView:
    """Create a token. Its text is in this answer and nowhere else."""
    wish = NewToken(body.name, tuple(body.scopes), body.days, body.account)
    issued = await create_token(app, who, wish)
    response.headers[SHOWN_ONCE] = "yes"
    view = TokenView.of(ListedToken(issued.token, None))
    return NewTokenView(**view.model_dump(), token=issued.text)


@router.delete("/tokens/{token_id}", status_code=204)
async def no_more(app: TheApp, who: Who, token_id: str) -> None:
    """Revoke a token."""
    await revoke_token(app, who, token_id)
