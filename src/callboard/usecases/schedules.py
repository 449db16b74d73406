"""Schedules of a space: what is due when, and what came of it."""

from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from callboard.domain.errors import ConfigurationInvalid, UnknownThing
from callboard.domain.message import JsonObject
from callboard.domain.org.principal import Principal, in_space
from callboard.domain.org.schedule import (
    FIRINGS,
    SCHEDULE_POSITIONS,
    SCHEDULES,
    Firing,
    Missed,
    Overlap,
    Schedule,
    SchedulePosition,
)
from callboard.domain.org.task import TaskRecord
from callboard.domain.org.template import TaskTemplate
from callboard.domain.record import Kept, Write
from callboard.engine.authority import Action
from callboard.ports.records import Wanted
from callboard.usecases.app import App, require, seen_spaces
from callboard.usecases.checked import checked
from callboard.usecases.cron import firings, read_cron, read_zone
from callboard.usecases.queueing import queue_task
from callboard.usecases.recording import write
from callboard.usecases.spaces import require_repository, require_space
from callboard.usecases.tasks import create_planned
from callboard.usecases.wishes import wish_of

_CHANGEABLE = frozenset({"cron", "zone", "template", "overlap", "missed"})
_COMING = 5
_PAST = 20


@dataclass(frozen=True, slots=True)
class NewSchedule:
    """What a schedule is to be."""

    id: str
    cron: str
    template: TaskTemplate
    zone: str = "UTC"
    overlap: Overlap = "skip"
    missed: Missed = "once"


@dataclass(frozen=True, slots=True)
class ScheduleView:
    """A schedule with the moments to come and what came of those before, the latest first."""

    schedule: Schedule
    coming: tuple[datetime, ...]
    past: tuple[Firing, ...] = ()


async def add_schedule(app: App, who: Principal, space: str, wish: NewSchedule) -> Schedule:
    """Let tasks of a space come by the clock, from now on.

    Raises:
        UnknownThing: there is no such space, or none that they see.
        ConfigurationInvalid: a field does not fit, or the expression or the time zone is none.
        RecordConflict: the id is taken.
    """
    kept = await require_space(app, who, "schedule.manage", space)
    require_repository(who, wish.template.repository, kept.value)
    read_zone(wish.zone)
    now = app.ports.clock.now()
    schedule = checked(
        Schedule,
        id=wish.id,
        space=space,
        cron=read_cron(wish.cron),
        zone=wish.zone,
        template=wish.template,
        overlap=wish.overlap,
        missed=wish.missed,
        created_by=who.actor,
        created_at=now,
    )
    position = SchedulePosition(schedule=schedule.id, after=now)
    before = await app.records.get(SCHEDULE_POSITIONS, schedule.id)
    put = SCHEDULE_POSITIONS.put(position, over=before)
    await write(app, who, "schedule.manage", SCHEDULES.put(schedule), put)
    return schedule


async def list_schedules(app: App, who: Principal) -> list[ScheduleView]:
    """Return the schedules of the spaces that somebody sees, with the next moment of each."""
    spaces = seen_spaces(who, "task.read")
    found = await app.records.find(SCHEDULES, Wanted(spaces=spaces))
    now = app.ports.clock.now()
    return [ScheduleView(kept.value, _coming(kept.value, now, 1)) for kept in found]


async def show_schedule(app: App, who: Principal, schedule_id: str) -> ScheduleView:
    """Return a schedule with its moments to come and its past.

    Raises:
        UnknownThing: there is none, or none that they see.
    """
    schedule = (await _required_schedule(app, who, "task.read", schedule_id)).value
    wanted = Wanted(prefix=f"{schedule_id}/", newest_first=True, limit=_PAST)
    past = tuple(kept.value for kept in await app.records.find(FIRINGS, wanted))
    return ScheduleView(schedule, _coming(schedule, app.ports.clock.now(), _COMING), past)


async def edit_schedule(app: App, who: Principal, schedule_id: str, **fields: object) -> Schedule:
    """Change when a schedule is due (cron, zone), its tasks (template), or what it does about overlaps and moments
    that were missed. What was due before the change is settled.

    Raises:
        UnknownThing: there is none, or none that they see.
        ConfigurationInvalid: a field does not fit or cannot be changed, or the expression or the time zone is none.
        RecordConflict: somebody else changed it meanwhile.
    """
    kept = await _required_schedule(app, who, "schedule.manage", schedule_id)
    strange = sorted(fields.keys() - _CHANGEABLE)
    if strange:
        raise ConfigurationInvalid(f"{', '.join(strange)} of a schedule cannot be changed")
    schedule = checked(Schedule, **(kept.value.model_dump() | fields))
    if schedule.template.repository != kept.value.template.repository:
        space = await require_space(app, who, "schedule.manage", schedule.space)
        require_repository(who, schedule.template.repository, space.value)
    read_zone(schedule.zone)
    schedule = schedule.model_copy(update={"cron": read_cron(schedule.cron)})
    before = await app.records.get(SCHEDULE_POSITIONS, schedule_id)
    position = SchedulePosition(schedule=schedule_id, after=app.ports.clock.now())
    puts = SCHEDULES.put(schedule, over=kept), SCHEDULE_POSITIONS.put(position, over=before)
    await write(app, who, "schedule.manage", *puts)
    return schedule


async def pause_schedule(
    app: App, who: Principal, schedule_id: str, *, paused: bool = True
) -> Schedule:
    """Let no task come of a schedule until it is resumed; what was due in between is not made up for.

    Raises:
        UnknownThing: there is none, or none that they see.
    """
    kept = await _required_schedule(app, who, "schedule.manage", schedule_id)
    schedule = kept.value.model_copy(update={"paused": paused})
    now = app.ports.clock.now()
    before = await app.records.get(SCHEDULE_POSITIONS, schedule_id)
    position = SchedulePosition(schedule=schedule_id, after=now)
    puts = SCHEDULES.put(schedule, over=kept), SCHEDULE_POSITIONS.put(position, over=before)
    await write(app, who, "schedule.manage", *puts)
    return schedule


async def remove_schedule(app: App, who: Principal, schedule_id: str) -> None:
    """Take a schedule away; the tasks that came of it stay.

    Raises:
        UnknownThing: there is none, or none that they see.
    """
    kept = await _required_schedule(app, who, "schedule.manage", schedule_id)
    await write(app, who, "schedule.manage", SCHEDULES.remove(kept))


async def run_schedule(app: App, who: Principal, schedule_id: str) -> TaskRecord:
    """Create and start a schedule's task at once, whatever the clock and the task before say.

    Raises:
        UnknownThing: there is none, or none that they see.
        ConfigurationInvalid: the task cannot be created or started.
    """
    schedule = (await _required_schedule(app, who, "schedule.manage", schedule_id)).value
    now = app.ports.clock.now()
    name = f"run-{app.ids.run_id()}"

    def along(task: TaskRecord) -> tuple[Write, ...]:
        made = made_of(schedule, name, now, now, task.key)
        return (FIRINGS.put(made.model_copy(update={"state": "started"})),)

    wish = wish_of(schedule.template, facts_of(schedule, now))
    task = await create_planned(app, who, schedule.space, wish, along)
    return await queue_task(app, who, task.key)


def made_of(schedule: Schedule, name: str, due: datetime, now: datetime, task: str) -> Firing:
    """Return the note that a task was created for a moment."""
    return Firing(
        schedule=schedule.id,
        name=name,
        space=schedule.space,
        due_at=due,
        state="created",
        task=task,
        at=now,
    )


def facts_of(schedule: Schedule, due: datetime) -> JsonObject:
    """Return what a schedule's template may be filled with: its id, and the moment in its own time zone."""
    local = due.astimezone(read_zone(schedule.zone))
    return {"schedule": schedule.id, "date": f"{local:%Y-%m-%d}", "time": f"{local:%H:%M}"}


def _coming(schedule: Schedule, now: datetime, count: int) -> tuple[datetime, ...]:
    if schedule.paused:
        return ()
    return tuple(islice(firings(schedule.cron, read_zone(schedule.zone), now), count))


async def _required_schedule(
    app: App, who: Principal, action: Action, schedule_id: str
) -> Kept[Schedule]:
    kept = await app.records.get(SCHEDULES, schedule_id)
    if kept is None or not who.sees(kept.value.space):
        raise UnknownThing(f"there is no schedule {schedule_id!r} (see `callboard schedules list`)")
    require(who, action, in_space(kept.value.space))
    return kept
