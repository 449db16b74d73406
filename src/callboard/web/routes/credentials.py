"""Credentials: a value goes in once and is never shown; what is known about it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from fastapi import APIRouter
from starlette.responses import Response

from callboard.domain.credential import Credential
from callboard.domain.errors import CallboardError, UnknownThing
from callboard.domain.org.principal import in_space
from callboard.engine.authority import may
from callboard.usecases.credentials import (
    list_credentials,
    new_grant,
    read_scope,
    remove_credential,
    rotate_credential,
    set_credential,
)
from callboard.usecases.known_agents import agents_using
from callboard.usecases.roster_reading import list_roster
from callboard.web.faults import said_of
from callboard.web.form_routes import FormRoute
from callboard.web.forms import Typed
from callboard.web.page import Page
from callboard.web.visit import At, Visit, visible_spaces

router = APIRouter(route_class=FormRoute)
_PROVIDERS: Final = ("anthropic", "gemini", "openai", "openrouter", "self-hosted")
_TYPED: Final = ("name", "provider", "scope", "base_url")


@dataclass(frozen=True, slots=True)
class CredentialsPage(Page):
    """All credentials that somebody may know of."""

    template = "credentials.html"
    section = "credentials"
    credentials: Sequence[Credential]
    used_by: Mapping[str, Sequence[str]]
    providers: Sequence[str]
    scopes: Sequence[tuple[str, str]]
    typed: Typed = field(default_factory=Typed)
    wrong: str = ""

    @property
    def title(self) -> str:
        """The heading."""
        return "Credentials"


@dataclass(frozen=True, slots=True)
class CredentialPage(Page):
    """One credential: to be given another value, or removed."""

    template = "credential.html"
    section = "credentials"
    credential: Credential
    used_by: Sequence[str]
    wrong: str = ""

    @property
    def title(self) -> str:
        """The heading."""
        return self.credential.name


@router.get("/credentials")
async def credentials(at: At) -> Response:
    """List what is stored."""
    return await at.show(await _page(at))


@router.post("/credentials")
async def stored(at: At) -> Response:
    """Store a value."""
    fields = at.fields
    try:
        grant = new_grant(
            fields.text("name"),
            fields.text("provider"),
            fields.text("scope", "org") or "org",
            fields.some("base_url"),
        )
        await set_credential(at.app, at.who, grant, fields.raw("secret"))
    except CallboardError as error:
        typed = fields.kept(*_TYPED)
        return await at.show(await _page(at, typed, said_of(error)), 422)
    return at.go("/credentials", f"{grant.name} is stored. Nobody can read it again.")


@router.get("/credentials/{name}")
async def credential(at: At, name: str) -> Response:
    """Show what is known about one."""
    return await at.show(await _one(at, name, at.query("scope", "org")))


@router.post("/credentials/{name}/rotate")
async def rotated(at: At, name: str) -> Response:
    """Give one a new value."""
    scope = at.fields.text("scope", "org")
    try:
        await rotate_credential(at.app, at.who, name, read_scope(scope), at.fields.raw("secret"))
    except CallboardError as error:
        return await at.show(await _one(at, name, scope, said_of(error)), 422)
    return at.go("/credentials", f"{name} has a new value. Runs use it from their next call on.")


@router.post("/credentials/{name}/remove")
async def removed(at: At, name: str) -> Response:
    """Forget one, where its name was typed to show that it is meant."""
    scope = at.fields.text("scope", "org")
    if at.fields.text("typed_name") != name:
        wrong = "To remove it, type its name exactly."
        return await at.show(await _one(at, name, scope, wrong), 422)
    await remove_credential(at.app, at.who, name, read_scope(scope))
    return at.go("/credentials", f"{name} is removed.")


async def _page(at: Visit, typed: Typed | None = None, wrong: str = "") -> CredentialsPage:
    known = await list_credentials(at.app, at.who)
    used = await agents_using(at.app, at.who)
    return CredentialsPage(known, used, _PROVIDERS, await _scopes(at), typed or Typed(), wrong)


async def _scopes(at: Visit) -> list[tuple[str, str]]:
    """Return for whom somebody may store one, as choices; an agent of a repository is named in the terminal."""
    spaces = [
        (f"space:{one.id}", f"Space {one.name}")
        for one in await visible_spaces(at.app, at.who)
        if may(at.who, "credential.manage", in_space(one.id))
    ]
    if not may(at.who, "credential.manage"):
        return spaces
    agents = [
        (f"agent:{one.agent.id}", f"Agent {one.version.definition.display_name}")
        for one in await list_roster(at.app, at.who)
        if one.agent.state != "retired"
    ]
    return [("org", "Everybody"), *spaces, *agents]


async def _one(at: Visit, name: str, scope: str, wrong: str = "") -> CredentialPage:
    for one in await list_credentials(at.app, at.who):
        if one.name == name and str(one.scope) == scope:
            used = await agents_using(at.app, at.who)
            return CredentialPage(one, used.get(name, ()), wrong)
    raise UnknownThing(f"there is no credential {name!r} for {scope}")
