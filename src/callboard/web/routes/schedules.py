"""Schedules: tasks that come by the clock."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Final
from zoneinfo import available_timezones

from fastapi import APIRouter, Path
from starlette.responses import Response

from callboard.domain.errors import CallboardError
from callboard.domain.org.principal import in_space
from callboard.domain.org.schedule import Firing
from callboard.engine.authority import may
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
from callboard.web.faults import said_of
from callboard.web.form_routes import FormRoute
from callboard.web.forms import Fields, Typed
from callboard.web.page import Page
from callboard.web.task_templates import (
    FIELDS,
    LABELS,
    TaskChoices,
    task_choices,
    template_in,
    typed_of,
)
from callboard.web.visit import At, Visit, visible_spaces

router = APIRouter(route_class=FormRoute)
Name = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
_OWN: Final = ("id", "space", "cron", "zone", "overlap", "missed")
_OVERLAPS: Final = (
    ("skip", "No new task while the one before goes on"),
    ("queue", "A new one that begins after the one before"),
    ("allow", "A new one beside the one before"),
)
_MISSED: Final = (("once", "One task for all of them"), ("skip", "None"))
_FIRINGS: Final = {
    "created": ("queued", "Created"),
    "started": ("done", "Started"),
    "skipped": ("cancelled", "Skipped"),
    "failed": ("failed", "Failed"),
}


@dataclass(frozen=True, slots=True)
class SchedulesPage(Page):
    """Schedules, each with its next moment."""

    template = "schedules.html"
    section = "schedules"
    found: Sequence[ScheduleView]

    @property
    def title(self) -> str:
        """The heading."""
        return "Schedules"


@dataclass(frozen=True, slots=True)
class SchedulePage(Page):
    """One schedule: when it is due, and what came of it."""

    template = "schedule.html"
    section = "schedules"
    view: ScheduleView
    can_manage: bool

    @property
    def title(self) -> str:
        """The heading."""
        return self.view.schedule.id

    @property
    def overlap(self) -> str:
        """What happens while the task before goes on, in words."""
        return dict(_OVERLAPS)[self.view.schedule.overlap]

    @property
    def missed(self) -> str:
        """What happens to moments that were missed, in words."""
        return dict(_MISSED)[self.view.schedule.missed]

    def state(self, firing: Firing) -> tuple[str, str]:
        """Return the state word's class and the word of what came of a moment."""
        return _FIRINGS[firing.state]


@dataclass(frozen=True, slots=True)
class EditSchedulePage(Page):
    """A schedule as a form. `name` is empty for a new one."""

    template = "schedule_edit.html"
    section = "schedules"
    name: str
    spaces: Sequence[tuple[str, str]]
    choices: TaskChoices
    typed: Typed = field(default_factory=Typed)
    wrong: str = ""

    @property
    def title(self) -> str:
        """The heading."""
        return f"Change {self.name}" if self.name else "New schedule"

    @property
    def action(self) -> str:
        """Where the form is sent."""
        return f"/schedules/{self.name}" if self.name else "/schedules"

    @property
    def zones(self) -> Sequence[str]:
        """All time zones that this machine knows."""
        return sorted(available_timezones())

    @property
    def overlaps(self) -> Sequence[tuple[str, str]]:
        """What may happen while the task before goes on."""
        return _OVERLAPS

    @property
    def misses(self) -> Sequence[tuple[str, str]]:
        """What may happen to moments that were missed."""
        return _MISSED


@router.get("/schedules")
async def schedules(at: At) -> Response:
    """List schedules."""
    space = await at.space()
    found = await list_schedules(at.app, at.who)
    return await at.show(SchedulesPage([one for one in found if space in ("", one.schedule.space)]))


@router.get("/new/schedule")
async def new_schedule(at: At) -> Response:
    """Ask what a schedule is to be."""
    typed = Typed({"cron": "0 7 * * 1-5", "zone": "UTC", "space": await at.space()})
    return await at.show(await _edit_page(at, "", typed))


@router.post("/schedules")
async def added(at: At) -> Response:
    """Add a schedule."""
    fields = at.fields
    try:
        wish = NewSchedule(
            fields.text("id"),
            fields.text("cron"),
            template_in(fields),
            fields.text("zone"),
            fields.text("overlap") or "skip",  # pyright: ignore[reportArgumentType] - it is checked
            fields.text("missed") or "once",  # pyright: ignore[reportArgumentType]
        )
        schedule = await add_schedule(at.app, at.who, fields.text("space"), wish)
    except CallboardError as error:
        return await _again(at, "", fields, error)
    return at.go(f"/schedules/{schedule.id}", f"{schedule.id} creates tasks from now on.")


async def _again(at: Visit, name: str, fields: Fields, error: CallboardError) -> Response:
    wrong = said_of(error, id="Name", cron="Due", zone="In the time of", **LABELS)
    page = await _edit_page(at, name, fields.kept(*_OWN, *FIELDS), wrong)
    return await at.show(page, 422)


@router.get("/schedules/{name}")
async def schedule(at: At, name: Name) -> Response:
    """Show a schedule."""
    view = await show_schedule(at.app, at.who, name)
    manages = may(at.who, "schedule.manage", in_space(view.schedule.space))
    return await at.show(SchedulePage(view, manages))


@router.get("/schedules/{name}/edit")
async def edit(at: At, name: Name) -> Response:
    """Ask what is to be changed."""
    found = (await show_schedule(at.app, at.who, name)).schedule
    typed = typed_of(found.template)
    own = {"cron": found.cron, "zone": found.zone, "space": found.space}
    typed.update(own | {"overlap": found.overlap, "missed": found.missed})
    return await at.show(await _edit_page(at, name, typed))


@router.post("/schedules/{name}")
async def changed(at: At, name: Name) -> Response:
    """Change a schedule."""
    fields = at.fields
    try:
        await edit_schedule(
            at.app,
            at.who,
            name,
            cron=fields.text("cron"),
            zone=fields.text("zone"),
            template=template_in(fields),
            overlap=fields.text("overlap") or "skip",
            missed=fields.text("missed") or "once",
        )
    except CallboardError as error:
        return await _again(at, name, fields, error)
    return at.go(f"/schedules/{name}", "Changed. What was due before is settled.")


async def _edit_page(at: Visit, name: str, typed: Typed, wrong: str = "") -> EditSchedulePage:
    seen = await visible_spaces(at.app, at.who)
    theirs = [one for one in seen if may(at.who, "schedule.manage", in_space(one.id))]
    spaces = [(one.id, one.name) for one in theirs]
    return EditSchedulePage(name, spaces, await task_choices(at), typed, wrong)


@router.post("/schedules/{name}/pause")
async def paused(at: At, name: Name) -> Response:
    """Pause a schedule, or let it go on."""
    pauses = at.fields.text("paused") == "yes"
    await pause_schedule(at.app, at.who, name, paused=pauses)
    return at.go(f"/schedules/{name}", "Paused." if pauses else "It goes on from now.")


@router.post("/schedules/{name}/run")
async def ran(at: At, name: Name) -> Response:
    """Create and start its task at once."""
    task = await run_schedule(at.app, at.who, name)
    at.running.wake()
    return at.go(f"/tasks/{task.key}", f"{task.key} is started.")


@router.post("/schedules/{name}/remove")
async def removed(at: At, name: Name) -> Response:
    """Take a schedule away."""
    await remove_schedule(at.app, at.who, name)
    return at.go("/schedules", f"{name} is gone. Its tasks stay.")
