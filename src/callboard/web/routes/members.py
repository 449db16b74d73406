"""Those who belong to the organisation: people, and accounts of programs."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

from fastapi import APIRouter
from starlette.responses import Response

from callboard.domain.errors import CallboardError
from callboard.domain.org.people import Person, ServiceAccount
from callboard.domain.org.principal import belonging_to
from callboard.domain.org.roles import OrgRole
from callboard.domain.org.space import Space
from callboard.engine.authority import may
from callboard.usecases.people import (
    NewPerson,
    add_person,
    add_service_account,
    change_person,
    find_person,
    list_people,
    list_service_accounts,
)
from callboard.usecases.sessions import ListedSession, end_session, list_sessions
from callboard.usecases.signing_in import check_password, set_password
from callboard.web.faults import said_of
from callboard.web.form_routes import FormRoute
from callboard.web.forms import Typed
from callboard.web.page import Page
from callboard.web.visit import At, Visit, visible_spaces

router = APIRouter(route_class=FormRoute)


@dataclass(frozen=True, slots=True)
class MembersPage(Page):
    """Everybody."""

    template = "members.html"
    section = "people"
    people: Sequence[Person]
    accounts: Sequence[ServiceAccount]
    typed: Typed = field(default_factory=Typed)
    wrong: str = ""

    @property
    def title(self) -> str:
        """The heading."""
        return "Members"


@dataclass(frozen=True, slots=True)
class PersonPage(Page):
    """Somebody."""

    template = "person.html"
    section = "people"
    person: Person
    spaces: Sequence[Space]
    sessions: Sequence[ListedSession] = ()
    typed: Typed = field(default_factory=Typed)
    wrong: str = ""

    @property
    def title(self) -> str:
        """The heading."""
        return self.person.name


@router.get("/members")
async def members(at: At) -> Response:
    """List everybody."""
    return await at.show(await _everybody(at))


@router.post("/people")
async def joined(at: At) -> Response:
    """Let somebody join. With a password they can sign in at once."""
    fields = at.fields
    person_id, role = fields.text("id"), cast("OrgRole", fields.text("role", "member"))
    wish = NewPerson(person_id, fields.text("name"), role, fields.some("email"))
    try:
        check_password(fields.raw("password") or None)
        person = await add_person(at.app, at.who, wish)
        if fields.raw("password"):
            await set_password(at.app, at.who, person_id, fields.raw("password"))
    except CallboardError as error:
        typed = fields.kept("id", "name", "email", "role")
        wrong = said_of(error, id="Signs in as", email="E-mail")
        return await at.show(await _everybody(at, typed, wrong), 422)
    return at.go("/members", f"{person.name} is here. Let them into a space next.")


@router.post("/accounts")
async def account(at: At) -> Response:
    """Create an account for a program."""
    fields = at.fields
    role = cast("OrgRole | None", fields.some("account_role"))
    account_id, name = fields.text("account_id"), fields.text("account_name")
    try:
        await add_service_account(at.app, at.who, account_id, name, role)
    except CallboardError as error:
        typed = fields.kept("account_id", "account_name", "account_role")
        wrong = said_of(error, id="Short name", name="What it is called")
        return await at.show(await _everybody(at, typed, wrong), 422)
    return at.go("/tokens?all=on", f"{name} is there. Give it a token.")


@router.get("/members/{person_id}")
async def somebody(at: At, person_id: str) -> Response:
    """Show somebody."""
    return await at.show(await _person(at, person_id))


@router.post("/members/{person_id}")
async def changed(at: At, person_id: str) -> Response:
    """Change somebody's name, address or role, or whether they are here at all."""
    fields = at.fields
    try:
        check_password(fields.raw("password") or None)
        await change_person(
            at.app,
            at.who,
            person_id,
            name=fields.text("name"),
            email=fields.some("email"),
            role=fields.text("role"),
            active=fields.is_on("active"),
        )
        if fields.raw("password"):
            await set_password(at.app, at.who, person_id, fields.raw("password"))
    except CallboardError as error:
        typed = fields.kept("name", "email", "role")
        typed["active"] = "on" if fields.is_on("active") else ""
        wrong = said_of(error, email="E-mail")
        return await at.show(await _person(at, person_id, typed, wrong), 422)
    return at.go(f"/members/{person_id}", "Kept.")


@router.post("/members/{person_id}/sessions/{session_id}/end")
async def signed_out(at: At, person_id: str, session_id: str) -> Response:
    """End a session of somebody."""
    await end_session(at.app, at.who, session_id)
    return at.go(f"/members/{person_id}", "That session is over.")


async def _everybody(at: Visit, typed: Typed | None = None, wrong: str = "") -> MembersPage:
    people = await list_people(at.app, at.who)
    accounts = await list_service_accounts(at.app, at.who)
    return MembersPage(people, accounts, typed or Typed(), wrong)


async def _person(
    at: Visit, person_id: str, typed: Typed | None = None, wrong: str = ""
) -> PersonPage:
    kept = await find_person(at.app, at.who, person_id)
    seen = await visible_spaces(at.app, at.who)
    theirs = [one for one in seen if one.role_of(f"person:{person_id}")]
    actor = kept.value.actor
    may_see = may(at.who, "session.manage", belonging_to(actor))
    sessions = await list_sessions(at.app, at.who, actor) if may_see else []
    return PersonPage(kept.value, theirs, sessions, typed or Typed(), wrong)
