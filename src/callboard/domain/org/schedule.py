"""Schedules: tasks that come by the clock."""

from datetime import datetime
from typing import Annotated, Final, Literal

from pydantic import Field

from callboard.domain.actor import Actor
from callboard.domain.frozen import Frozen
from callboard.domain.org.space import SpaceId
from callboard.domain.org.task import TaskKey
from callboard.domain.org.template import TaskTemplate
from callboard.domain.record import Kind

ScheduleId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
Overlap = Literal["skip", "queue", "allow"]
Missed = Literal["once", "skip"]
FiringState = Literal["created", "started", "skipped", "failed"]


class Schedule(Frozen):
    """Creates and starts a task of a space whenever `cron` is due in the time zone `zone`.

    `overlap` says what happens while the task before has not ended: no new one (`skip`), one that starts
    afterwards (`queue`), one beside it (`allow`). `missed` says what happens to moments at which nothing ran here:
    one task for all of them (`once`), or none (`skip`).
    """

    id: ScheduleId
    space: SpaceId
    cron: Annotated[str, Field(max_length=200)]
    zone: Annotated[str, Field(max_length=100)] = "UTC"
    template: TaskTemplate
    overlap: Overlap = "skip"
    missed: Missed = "once"
    paused: bool = False
    created_by: Actor
    created_at: datetime

    @property
    def actor(self) -> Actor:
        """The actor that this schedule is in events."""
        return Actor(kind="schedule", name=self.id)


class SchedulePosition(Frozen):
    """Up to when a schedule was looked at: everything until then is settled."""

    schedule: ScheduleId
    after: datetime


class Firing(Frozen):
    """What came of one moment at which a schedule was due. `name` is the moment, or an id where a person asked."""

    schedule: ScheduleId
    name: Annotated[str, Field(max_length=60)]
    space: SpaceId
    due_at: datetime
    state: FiringState
    task: TaskKey | None = None
    reason: str = ""
    at: datetime

    @property
    def key(self) -> str:
        """What tells it from all others."""
        return f"{self.schedule}/{self.name}"


SCHEDULES: Final = Kind(
    "schedule",
    Schedule,
    key=lambda schedule: schedule.id,
    space=lambda schedule: schedule.space,
    state=lambda schedule: "paused" if schedule.paused else "on",
)
SCHEDULE_POSITIONS: Final = Kind(
    "schedule_position", SchedulePosition, key=lambda position: position.schedule, audited=False
)
FIRINGS: Final = Kind(
    "firing",
    Firing,
    key=lambda firing: firing.key,
    space=lambda firing: firing.space,
    state=lambda firing: firing.state,
    audited=False,
)
