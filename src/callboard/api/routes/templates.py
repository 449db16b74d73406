"""Roles to start agents from: those that come with the product, and the organisation's own."""

from typing import Annotated, Any, Self

from fastapi import APIRouter
from pydantic import BaseModel, Field

from callboard.api.cursors import Page, Wanted
from callboard.api.once import OnceRoute
from callboard.api.shapes import Asked, Short
from callboard.entrance.asking import TheApp, Who
from callboard.usecases.role_templates import (
    NewTemplate,
    Template,
    find_role_template,
    list_role_templates,
    remove_template,
    save_template,
)

router = APIRouter(route_class=OnceRoute, tags=["templates"])
Agent = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,64}$")]


class TemplateView(BaseModel):
    """A role with an example of a task for it. `own` is false where it comes with the product."""

    id: str
    own: bool
    definition: dict[str, Any]
    task: str

    @classmethod
    def of(cls, one: Template) -> Self:
        """Return the view of a role."""
        plain = one.definition.to_json()
        return cls(id=one.definition.id, own=one.own is not None, definition=plain, task=one.task)


class TemplateAsked(Asked):
    """Which agent of the roster is to be a role, in which version (null: the one that counts), under which id."""

    agent: Agent
    version: Annotated[int, Field(ge=1, le=999_999)] | None = None
    id: Agent | None = None
    task: Annotated[str, Field(max_length=20_000)] = ""
    note: Short = ""


@router.get("/templates")
async def list_all(app: TheApp, who: Who, wanted: Wanted) -> Page[TemplateView]:
    """List the roles to start from, by id."""
    found = sorted(await list_role_templates(app, who), key=lambda one: one.definition.id)
    cut, cursor = wanted.of_all(found, lambda one: (one.definition.id,))
    return Page(items=[TemplateView.of(one) for one in cut], next_cursor=cursor)


@router.get("/templates/{template_id}")
async def show(app: TheApp, who: Who, template_id: Agent) -> TemplateView:
    """Show a role."""
    return TemplateView.of(await find_role_template(app, who, template_id))


@router.post("/templates", status_code=201)
async def keep(app: TheApp, who: Who, body: TemplateAsked) -> TemplateView:
    """Keep an agent as a role for everybody, in place of the one of this name."""
    wish = NewTemplate(body.agent, body.version, body.id, body.task, body.note)
    saved = await save_template(app, who, wish)
    return TemplateView.of(Template(saved.definition, saved.task, saved))


@router.delete("/templates/{template_id}", status_code=204)
async def remove(app: TheApp, who: Who, template_id: Agent) -> None:
    """Keep a role of the organisation's own no longer."""
    await remove_template(app, who, template_id)
