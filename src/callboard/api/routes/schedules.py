"""Tasks that come by the clock."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from callboard.api.cursors import Page, Wanted
from callboard.api.once import OnceRoute
from callboard.api.shapes import Asked
from callboard.domain.org.schedule import Firing, Missed, Overlap, Schedule
from callboard.domain.org.task import TaskRecord
from callboard.domain.org.template import TaskTemplate
from callboard.entrance.asking import TheApp, Who
from callboard.usecases.schedules import (
    NewSchedule,
    ScheduleView,
    add_schedule,
    edit_schedule,
    list_schedules,
    pause_schedule,
    remove_schedule,
    run_schedule,
    show_schedule,
)

router = APIRouter(route_class=OnceRoute, tags=["schedules"])
ScheduleName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]


class ScheduleAsked(Asked):
    """When tasks are to come, and what they are to be."""

    id: ScheduleName
    space: Annotated[str, Field(max_length=64)]
    cron: Annotated[str, Field(max_length=200)]
    zone: Annotated[str, Field(max_length=100)] = "UTC"
    template: TaskTemplate
    overlap: Overlap = "skip"
    missed: Missed = "once"


class ScheduleChanges(Asked):
    """What is to be changed; what is not there stays."""

    cron: Annotated[str, Field(max_length=200)] = ""
    zone: Annotated[str, Field(max_length=100)] = "UTC"
    template: TaskTemplate | None = None
    overlap: Overlap = "skip"
    missed: Missed = "once"


class ShownSchedule(BaseModel):
    """A schedule, when it is due next, and what came of it lately."""

    schedule: Schedule
    coming: tuple[datetime, ...]
    past: tuple[Firing, ...]


@router.get("/schedules")
async def list_(app: TheApp, who: Who, wanted: Wanted) -> Page[ShownSchedule]:
    """List schedules of the spaces that one sees."""
    found = sorted(await list_schedules(app, who), key=lambda one: one.schedule.id)
    cut, cursor = wanted.of_all(found, lambda one: (one.schedule.id,))
    return Page(items=[_shown(one) for one in cut], next_cursor=cursor)


@router.post("/schedules", status_code=201)
async def add(app: TheApp, who: Who, body: ScheduleAsked) -> Schedule:
    """Add a schedule to a space."""
    fields = dict(body)
    return await add_schedule(app, who, fields.pop("space"), NewSchedule(**fields))


@router.get("/schedules/{schedule_id}")
async def show(app: TheApp, who: Who, schedule_id: ScheduleName) -> ShownSchedule:
    """Show a schedule."""
    return _shown(await show_schedule(app, who, schedule_id))


@router.patch("/schedules/{schedule_id}")
async def edit(app: TheApp, who: Who, schedule_id: ScheduleName, body: ScheduleChanges) -> Schedule:
    """Change a schedule; what is not named stays. What was due before is settled."""
    fields = {name: getattr(body, name) for name in body.model_fields_set}
    return await edit_schedule(app, who, schedule_id, **fields)


@router.delete("/schedules/{schedule_id}", status_code=204)
async def remove(app: TheApp, who: Who, schedule_id: ScheduleName) -> None:
    """Take a schedule away. Its tasks stay."""
    await remove_schedule(app, who, schedule_id)


@router.post("/schedules/{schedule_id}/pause")
async def pause(app: TheApp, who: Who, schedule_id: ScheduleName) -> Schedule:
    """Let a schedule rest."""
    return await pause_schedule(app, who, schedule_id)


@router.post("/schedules/{schedule_id}/resume")
async def resume(app: TheApp, who: Who, schedule_id: ScheduleName) -> Schedule:
    """Let a schedule go on."""
    return await pause_schedule(app, who, schedule_id, paused=False)


@router.post("/schedules/{schedule_id}/run", status_code=201)
async def run(app: TheApp, who: Who, schedule_id: ScheduleName) -> TaskRecord:
    """Create and start a schedule's task now."""
    return await run_schedule(app, who, schedule_id)


def _shown(view: ScheduleView) -> ShownSchedule:
    return ShownSchedule(schedule=view.schedule, coming=view.coming, past=view.past)
