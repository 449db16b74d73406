"""Credentials: values go in and do not come out."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from callboard.api.cursors import Page, Wanted
from callboard.api.once import OnceRoute
from callboard.api.shapes import Asked, CredentialView, Short
from callboard.entrance.asking import TheApp, Who
from callboard.usecases.credentials import (
    list_credentials,
    new_grant,
    read_scope,
    remove_credential,
    rotate_credential,
    set_credential,
)

router = APIRouter(route_class=OnceRoute, tags=["credentials"])
Value = Annotated[str, Field(min_length=1, max_length=100_000)]
Scope = Annotated[
    str | None,
    Query(max_length=300, description="Which one, where the name is stored for several."),
]


class CredentialAsked(Asked):
    """A value to be stored. `scope` is org, space:NAME, agent:ID or agent:PUBLISHER/ID."""

    name: Short
    provider: Short
    value: Value
    scope: Short = "org"
    base_url: Short | None = None


class ValueAsked(Asked):
    """A new value."""

    value: Value


@router.get("/credentials")
async def list_known(app: TheApp, who: Who, wanted: Wanted) -> Page[CredentialView]:
    """List credentials, without their values, by name and scope."""
    found = sorted(await list_credentials(app, who), key=lambda one: (one.name, str(one.scope)))
    cut, cursor = wanted.of_all(found, lambda one: (one.name, str(one.scope)))
    return Page(items=[CredentialView.of(one) for one in cut], next_cursor=cursor)


@router.post("/credentials", status_code=201)
async def store(app: TheApp, who: Who, body: CredentialAsked) -> CredentialView:
    """Store a value, in the place of the one that is there."""
    grant = new_grant(body.name, body.provider, body.scope, body.base_url)
    stored = await set_credential(app, who, grant, body.value)
    return CredentialView.of(stored.credential)


@router.post("/credentials/{name}/rotate")
async def rotate(
    app: TheApp, who: Who, name: str, body: ValueAsked, scope: Scope = None
) -> CredentialView:
    """Give a credential a new value."""
    wanted = None if scope is None else read_scope(scope)
    return CredentialView.of(
        (await rotate_credential(app, who, name, wanted, body.value)).credential
    )


@router.delete("/credentials/{name}", status_code=204)
async def remove(app: TheApp, who: Who, name: str, scope: Scope = None) -> None:
    """Forget a credential."""
    await remove_credential(app, who, name, None if scope is None else read_scope(scope))
