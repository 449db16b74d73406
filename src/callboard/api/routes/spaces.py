"""Spaces and their members."""

from typing import Annotated

from fastapi import APIRouter, Header, Response
from pydantic import Field

from callboard.api.cursors import Page, Wanted
from callboard.api.once import OnceRoute
from callboard.api.revisions import etag, revision
from callboard.api.shapes import Asked, Short, Text
from callboard.domain.org.roles import SpaceRole
from callboard.domain.org.space import Member, Space
from callboard.entrance.asking import TheApp, Who
from callboard.usecases.spaces import (
    NewSpace,
    change_space,
    create_space,
    list_spaces,
    require_space,
    set_member,
)

router = APIRouter(route_class=OnceRoute, tags=["spaces"])
IfMatch = Annotated[str | None, Header(max_length=100)]


class SpaceAsked(Asked):
    """What a space is to be."""

    id: Annotated[str, Field(max_length=64)]
    name: Short
    prefix: Annotated[str, Field(max_length=10)]
    description: Text = ""
    repository: Text | None = None
    workflow: Short | None = None


class SpaceChange(Asked):
    """What is to change; what is left out stays."""

    name: Short | None = None
    description: Text | None = None
    repository: Text | None = None
    workflow: Short | None = None
    at_once: int | None = None
    archived: bool | None = None


class RoleAsked(Asked):
    """A role in a space."""

    role: SpaceRole


@router.get("/spaces")
async def list_seen(app: TheApp, who: Who, wanted: Wanted) -> Page[Space]:
    """List the open spaces that one sees, the oldest first."""
    found = sorted(await list_spaces(app, who), key=lambda one: (one.created_at, one.id))
    cut, cursor = wanted.of_all(found, lambda one: (one.created_at.isoformat(), one.id))
    return Page(items=cut, next_cursor=cursor)


@router.post("/spaces", status_code=201)
async def create(app: TheApp, who: Who, body: SpaceAsked) -> Space:
    """Create a space."""
    return await create_space(app, who, NewSpace(**body.model_dump()))


@router.get("/spaces/{space_id}")
async def show(app: TheApp, who: Who, space_id: str, response: Response) -> Space:
    """Show a space and its members."""
    kept = await require_space(app, who, "space.read", space_id)
    response.headers["ETag"] = etag(kept.revision)
    return kept.value


@router.patch("/spaces/{space_id}")
async def change(
    app: TheApp, who: Who, space_id: str, body: SpaceChange, if_match: IfMatch = None
) -> Space:
    """Change a space."""
    fields = body.model_dump(exclude_unset=True)
    return await change_space(app, who, space_id, revision=revision(if_match), **fields)


@router.get("/spaces/{space_id}/members")
async def members(app: TheApp, who: Who, space_id: str, wanted: Wanted) -> Page[Member]:
    """List who belongs to a space, by name."""
    kept = await require_space(app, who, "space.read", space_id)
    found = sorted(kept.value.members, key=lambda one: one.account)
    cut, cursor = wanted.of_all(found, lambda one: (one.account,))
    return Page(items=cut, next_cursor=cursor)


@router.put("/spaces/{space_id}/members/{account}")
async def give_role(app: TheApp, who: Who, space_id: str, account: str, body: RoleAsked) -> Space:
    """Give an account (`person:ID` or `integration:ID`) a role in a space."""
    return await set_member(app, who, space_id, account, body.role)


@router.delete("/spaces/{space_id}/members/{account}")
async def take_role(app: TheApp, who: Who, space_id: str, account: str) -> Space:
    """Take an account's role in a space away."""
    return await set_member(app, who, space_id, account, None)
