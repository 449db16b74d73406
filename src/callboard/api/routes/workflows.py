"""Workflows: applied as versions, shown, set back."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field, JsonValue

from callboard.api.cursors import Page, Wanted
from callboard.api.once import OnceRoute
from callboard.api.shapes import Asked, Short
from callboard.api.task_shapes import FlowView
from callboard.domain.org.flow import WorkflowVersion
from callboard.entrance.asking import TheApp, Who
from callboard.usecases.workflows import (
    apply_workflow,
    checked_workflow,
    find_workflow,
    list_workflows,
    set_live_workflow,
    workflow_versions,
)

router = APIRouter(route_class=OnceRoute, tags=["workflows"])
Name = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,64}$")]
Number = Annotated[int, Field(ge=1, le=999_999)]


class WorkflowAsked(Asked):
    """A workflow's definition, as its file would say it, for a space or for all."""

    definition: dict[str, JsonValue]
    space: Short | None = None
    note: Short = ""


class LiveAsked(Asked):
    """The version that is to be live."""

    version: Number


@router.get("/workflows")
async def list_(app: TheApp, who: Who, wanted: Wanted) -> Page[FlowView]:
    """List workflows: the organisation's own, and those that come with the product."""
    found = await list_workflows(app, who)
    cut, cursor = wanted.of_all(found, lambda one: (one.definition.id,))
    return Page(items=[FlowView.of(one) for one in cut], next_cursor=cursor)


@router.post("/workflows", status_code=201)
async def apply(app: TheApp, who: Who, body: WorkflowAsked) -> WorkflowVersion:
    """Make a definition the live version of its workflow. Every problem with it is named."""
    definition = checked_workflow(body.definition)
    return await apply_workflow(app, who, definition, space=body.space, note=body.note)


@router.get("/workflows/{workflow_id}")
async def show(
    app: TheApp, who: Who, workflow_id: Name, version: Annotated[Number | None, Query()] = None
) -> FlowView:
    """Show a workflow: the live version, or the one of a number."""
    return FlowView.of(await find_workflow(app, who, workflow_id, version))


@router.get("/workflows/{workflow_id}/versions")
async def versions(
    app: TheApp, who: Who, workflow_id: Name, wanted: Wanted
) -> Page[WorkflowVersion]:
    """List the versions of a workflow, the oldest first."""
    found = (await workflow_versions(app, who, workflow_id))[::-1]
    cut, cursor = wanted.of_all(found, lambda one: (f"{one.number:06d}",))
    return Page(items=cut, next_cursor=cursor)


@router.put("/workflows/{workflow_id}/live")
async def set_live(app: TheApp, who: Who, workflow_id: Name, body: LiveAsked) -> FlowView:
    """Make an earlier version live again. Tasks that are under way keep theirs."""
    return FlowView.of(await set_live_workflow(app, who, workflow_id, body.version))
