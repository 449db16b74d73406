"""People and service accounts."""

from typing import Annotated

from fastapi import APIRouter, Header, Response
from pydantic import Field

from callboard.api.cursors import Page, Wanted
from callboard.api.once import OnceRoute
from callboard.api.revisions import etag, revision
from callboard.api.shapes import Asked, Password, PersonView, SessionView, Short
from callboard.domain.actor import Actor
from callboard.domain.org.people import ServiceAccount
from callboard.domain.org.roles import OrgRole
from callboard.entrance.asking import From, TheApp, Who
from callboard.usecases.people import (
    NewPerson,
    add_person,
    add_service_account,
    change_person,
    find_person,
    list_people,
    list_service_accounts,
)
from callboard.usecases.sessions import list_sessions
from callboard.usecases.signing_in import confirm_password, set_password

router = APIRouter(route_class=OnceRoute, tags=["people"])
IfMatch = Annotated[str | None, Header(max_length=100)]


class PersonAsked(Asked):
    """Who is to join."""

    id: Annotated[str, Field(max_length=64)]
    name: Short
    role: OrgRole = "member"
    email: Short | None = None


class PersonChange(Asked):
    """What is to change; what is left out stays."""

    name: Short | None = None
    role: OrgRole | None = None
    email: Short | None = None
    active: bool | None = None


class PasswordAsked(Asked):
    """Another password; for oneself with the one that is `current`."""

    password: Password
    current: Annotated[str, Field(max_length=1024)] = ""


class AccountAsked(Asked):
    """An account for a program."""

    id: Annotated[str, Field(max_length=64)]
    name: Short
    role: OrgRole | None = None


@router.get("/people")
async def list_everybody(app: TheApp, who: Who, wanted: Wanted) -> Page[PersonView]:
    """List everybody who is or was here, the oldest first."""
    found = sorted(await list_people(app, who), key=lambda one: (one.joined_at, one.id))
    cut, cursor = wanted.of_all(found, lambda one: (one.joined_at.isoformat(), one.id))
    return Page(items=[PersonView.of(one) for one in cut], next_cursor=cursor)


@router.post("/people", status_code=201)
async def add(app: TheApp, who: Who, body: PersonAsked) -> PersonView:
    """Let somebody join the organisation."""
    wish = NewPerson(body.id, body.name, body.role, body.email)
    return PersonView.of(await add_person(app, who, wish))


@router.get("/people/{person_id}")
async def show(app: TheApp, who: Who, person_id: str, response: Response) -> PersonView:
    """Show somebody."""
    kept = await find_person(app, who, person_id)
    response.headers["ETag"] = etag(kept.revision)
    return PersonView.of(kept.value)


@router.patch("/people/{person_id}")
async def change(
    app: TheApp,
    who: Who,
    person_id: str,
    body: PersonChange,
    if_match: IfMatch = None,
) -> PersonView:
    """Change somebody's name, address or role, or whether they are let in."""
    fields = body.model_dump(exclude_unset=True)
    expected = revision(if_match)
    return PersonView.of(await change_person(app, who, person_id, revision=expected, **fields))


@router.put("/people/{person_id}/password", status_code=204)
async def give_password(
    app: TheApp, who: Who, origin: From, person_id: str, body: PasswordAsked
) -> None:
    """Give somebody a password; their sessions end."""
    if who.actor.kind == "person" and who.actor.name == person_id:
        await confirm_password(app, who, body.current, origin)
    await set_password(app, who, person_id, body.password)


@router.get("/people/{person_id}/sessions")
async def sessions(app: TheApp, who: Who, person_id: str, wanted: Wanted) -> Page[SessionView]:
    """List somebody's sessions that are good, for whoever may end them; the oldest first."""
    found = await list_sessions(app, who, Actor(kind="person", name=person_id))
    await find_person(app, who, person_id)
    cut, cursor = wanted.of_all(
        found, lambda one: (one.session.created_at.isoformat(), one.session.id)
    )
    return Page(items=[SessionView.of(one) for one in cut], next_cursor=cursor)


@router.get("/service-accounts")
async def list_accounts(app: TheApp, who: Who, wanted: Wanted) -> Page[ServiceAccount]:
    """List the accounts of programs, the oldest first."""
    found = sorted(await list_service_accounts(app, who), key=lambda one: (one.joined_at, one.id))
    cut, cursor = wanted.of_all(found, lambda one: (one.joined_at.isoformat(), one.id))
    return Page(items=cut, next_cursor=cursor)


@router.post("/service-accounts", status_code=201)
async def add_account(app: TheApp, who: Who, body: AccountAsked) -> ServiceAccount:
    """Create an account for a program."""
    return await add_service_account(app, who, body.id, body.name, body.role)
