"""Workflows as the organisation keeps them: immutable versions, and a pointer to the one that is live."""

from datetime import datetime
from typing import Annotated, Final

from pydantic import Field

from callboard.domain.actor import Actor
from callboard.domain.frozen import Frozen
from callboard.domain.org.space import SpaceId
from callboard.domain.record import Kind
from callboard.domain.workflow import StepId, WorkflowDefinition


class WorkflowRecord(Frozen):
    """A workflow: of one space, or of the whole organisation. Tasks that begin take the version `live`."""

    id: StepId
    space: SpaceId | None = None
    live: Annotated[int, Field(ge=1)]
    latest: Annotated[int, Field(ge=1)]
    archived: bool = False


class WorkflowVersion(Frozen):
    """One version of a workflow, never changed. `digest` is over the definition."""

    workflow: StepId
    number: Annotated[int, Field(ge=1)]
    space: SpaceId | None = None
    definition: WorkflowDefinition
    digest: str
    author: Actor
    note: str = ""
    at: datetime


WORKFLOWS: Final = Kind(
    "workflow",
    WorkflowRecord,
    key=lambda workflow: workflow.id,
    space=lambda workflow: workflow.space,
    state=lambda workflow: "archived" if workflow.archived else "live",
)
WORKFLOW_VERSIONS: Final = Kind(
    "workflow_version",
    WorkflowVersion,
    key=lambda version: f"{version.workflow}/{version.number:06d}",
    space=lambda version: version.space,
)
