"""Tokens of programs: narrowed to scopes, shown once."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from fastapi import APIRouter
from starlette.responses import Response

from callboard.domain.actor import Actor
from callboard.domain.errors import CallboardError, ConfigurationInvalid
from callboard.domain.org.people import ServiceAccount
from callboard.engine.authority import NEEDS
from callboard.usecases.app import NotAllowed
from callboard.usecases.people import list_service_accounts
from callboard.usecases.tokens import (
    ListedToken,
    NewToken,
    create_token,
    list_tokens,
    revoke_token,
)
from callboard.web.faults import said_of
from callboard.web.form_routes import FormRoute
from callboard.web.forms import Typed
from callboard.web.page import Page
from callboard.web.visit import At, Visit

router = APIRouter(route_class=FormRoute)
_LASTING: Final = (("7", "A week"), ("30", "30 days"), ("90", "90 days"), ("365", "A year"))
_TYPED: Final = ("name", "account", "days", "scopes")


@dataclass(frozen=True, slots=True)
class TokensPage(Page):
    """Tokens, without their texts."""

    template = "tokens.html"
    section = "tokens"
    tokens: Sequence[ListedToken]
    now: datetime
    everybodys: bool
    accounts: Sequence[ServiceAccount]
    actions: Sequence[str]
    lasting: Sequence[tuple[str, str]]
    typed: Typed = field(default_factory=Typed)
    wrong: str = ""

    @property
    def title(self) -> str:
        """The heading."""
        return "Tokens"


@dataclass(frozen=True, slots=True)
class NewTokenPage(Page):
    """A token's text, for the only time."""

    template = "token_once.html"
    section = "tokens"
    secret = True
    name: str
    text: str

    @property
    def title(self) -> str:
        """The heading."""
        return f"The token {self.name}"


@router.get("/tokens")
async def tokens(at: At) -> Response:
    """List one's own tokens; everybody's for whoever may see them."""
    return await at.show(await _page(at))


@router.post("/tokens")
async def created(at: At) -> Response:
    """Create a token, and show its text."""
    fields = at.fields
    account = fields.text("account")
    wish_for = Actor(kind="integration", name=account) if account else None
    scopes = tuple(fields.text("scopes", "*").replace(",", " ").split())
    try:
        days = int(fields.text("days")) if fields.text("days") else None
        wish = NewToken(fields.text("name"), scopes, days, wish_for)
        issued = await create_token(at.app, at.who, wish)
    except (CallboardError, ValueError) as error:
        known = isinstance(error, CallboardError)
        wrong = error if known else ConfigurationInvalid("choose how long it is to be good")
        typed = fields.kept(*_TYPED)
        return await at.show(await _page(at, typed, said_of(wrong, name="What it is for")), 422)
    return await at.show(NewTokenPage(issued.token.name, issued.text))


@router.post("/tokens/{token_id}/revoke")
async def revoked(at: At, token_id: str) -> Response:
    """Let a token in no more."""
    token = await revoke_token(at.app, at.who, token_id)
    return at.go("/tokens", f"{token.name} lets nobody in any more.")


async def _page(at: Visit, typed: Typed | None = None, wrong: str = "") -> TokensPage:
    everybodys = "all" in at.request.query_params
    found = await list_tokens(at.app, at.who, of_all=everybodys)
    found.sort(key=lambda one: one.token.created_at, reverse=True)
    try:
        accounts = await list_service_accounts(at.app, at.who)
    except NotAllowed:
        accounts = []
    now = at.app.ports.clock.now()
    return TokensPage(
        found, now, everybodys, accounts, sorted(NEEDS), _LASTING, typed or Typed(), wrong
    )
