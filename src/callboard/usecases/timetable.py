"""The timetable: creates and starts the tasks of schedules when they are due, each once."""

import contextlib
import logging
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Final

from callboard.domain.actor import Actor
from callboard.domain.errors import CallboardError, RecordConflict, UserMistake
from callboard.domain.org.principal import Principal
from callboard.domain.org.schedule import (
    FIRINGS,
    SCHEDULE_POSITIONS,
    SCHEDULES,
    Firing,
    FiringState,
    Schedule,
    SchedulePosition,
)
from callboard.domain.org.space import SPACES
from callboard.domain.org.task import ENDED, TASKS
from callboard.domain.record import Kept
from callboard.ports.records import Wanted
from callboard.usecases.app import App
from callboard.usecases.cron import due_since, read_zone
from callboard.usecases.queueing import queue_task
from callboard.usecases.schedules import facts_of, made_of
from callboard.usecases.tasks import create_planned
from callboard.usecases.wishes import wish_of

_log = logging.getLogger(__name__)

_LOOKED_BACK: Final = 200
"""How many of the latest tasks of a schedule are asked whether they have ended."""
_MOST_WAITING: Final = 10
"""How many tasks of a schedule may wait for the one before them."""


@dataclass(frozen=True, slots=True)
class Timetable:
    """Looks at all schedules. Whatever it does is safe to do twice, by several workers at the same moment: the
    note of a moment is stored together with its task, and there is one of a name.
    """

    app: App

    async def turn(self) -> int:
        """Look once; return how many tasks were created or started."""
        spaces = await self.app.records.find(SPACES, Wanted(states=("open",)))
        open_ones = {kept.value.id for kept in spaces}
        moved = 0
        for kept in await self.app.records.find(SCHEDULES, Wanted(states=("on",))):
            if kept.value.space in open_ones:
                moved += await self._look(kept.value)
        return moved + await self._start_created()

    async def _look(self, schedule: Schedule) -> int:
        now = self.app.ports.clock.now()
        position = await self.app.records.get(SCHEDULE_POSITIONS, schedule.id)
        after = position.value.after if position is not None else schedule.created_at
        try:
            due = due_since(schedule.cron, read_zone(schedule.zone), after, now)
        except CallboardError as error:  # a time zone that this machine does not know
            _log.warning("schedule %s: %s", schedule.id, error)
            return 0
        moments = list(due.in_time)
        if due.missed is not None and schedule.missed == "once" and not moments:
            moments = [due.missed]
        elif due.missed is not None:
            await self._note(schedule, due.missed, "skipped", "nothing ran here at the time")
        for moment in moments:
            await self._fire(schedule, moment)
        if moments or due.missed is not None:
            settled = SchedulePosition(schedule=schedule.id, after=now)
            with contextlib.suppress(RecordConflict):  # another worker looked as well
                await self.app.records.keep([SCHEDULE_POSITIONS.put(settled, over=position)])
        return len(moments)

    async def _fire(self, schedule: Schedule, due: datetime) -> None:
        """Create the task of a moment, or note why there is none."""
        now, name = self.app.ports.clock.now(), _name(due)
        if await self.app.records.get(FIRINGS, f"{schedule.id}/{name}") is not None:
            return
        against = await self._overlapping(schedule)
        if against:
            await self._note(schedule, due, "skipped", against)
            return
        try:
            await create_planned(
                self.app,
                as_schedule(schedule),
                schedule.space,
                wish_of(schedule.template, facts_of(schedule, due)),
                lambda task: (FIRINGS.put(made_of(schedule, name, due, now, task.key)),),
            )
        except RecordConflict:  # another worker was faster
            return
        except UserMistake as error:
            await self._note(schedule, due, "failed", str(error))

    async def _overlapping(self, schedule: Schedule) -> str:
        """Return why there is no task now because of those before; nothing where there is one."""
        if schedule.overlap == "allow":
            return ""
        unfinished = await self._unfinished(schedule.id)
        if schedule.overlap == "skip" and unfinished:
            return f"{unfinished[0].task} has not ended"
        waiting = sum(firing.state == "created" for firing in unfinished)
        return f"{waiting} tasks wait already" if waiting >= _MOST_WAITING else ""

    async def _unfinished(self, schedule_id: str) -> list[Firing]:
        """Return the notes of tasks of a schedule that have not ended, the oldest first."""
        wanted = Wanted(
            prefix=f"{schedule_id}/",
            states=("created", "started"),
            newest_first=True,
            limit=_LOOKED_BACK,
        )
        found: list[Firing] = []
        for kept in reversed(await self.app.records.find(FIRINGS, wanted)):
            task = await self.app.records.get(TASKS, kept.value.task or "")
            if task is not None and task.value.state not in ENDED:
                found.append(kept.value)
        return found

    async def _start_created(self) -> int:
        """Start the tasks that were created and not started: those of this turn, of a process that died in
        between, and those whose time to wait is over.
        """
        started = 0
        for kept in await self.app.records.find(FIRINGS, Wanted(states=("created",))):
            schedule = await self.app.records.get(SCHEDULES, kept.value.schedule)
            if schedule is not None and schedule.value.overlap == "queue":
                first = (await self._unfinished(kept.value.schedule))[:1]
                if first and first[0].key != kept.value.key:
                    continue
            started += await self._start(kept)
        return started

    async def _start(self, kept: Kept[Firing]) -> int:
        firing = kept.value
        task = await self.app.records.get(TASKS, firing.task or "")
        state, reason = "started", ""
        try:
            if task is not None and task.value.state == "open":
                actor = task.value.created_by
                await queue_task(self.app, _as_member(actor, firing.space), task.value.key)
        except RecordConflict:
            return 0
        except UserMistake as error:
            state, reason = "failed", str(error)
        changed = firing.model_copy(update={"state": state, "reason": reason})
        with contextlib.suppress(RecordConflict):
            await self.app.records.keep([FIRINGS.put(changed, over=kept)])
        return 1

    async def _note(
        self, schedule: Schedule, due: datetime, state: FiringState, reason: str
    ) -> None:
        firing = Firing(
            schedule=schedule.id,
            name=_name(due),
            space=schedule.space,
            due_at=due,
            state=state,
            reason=reason[:500],
            at=self.app.ports.clock.now(),
        )
        with contextlib.suppress(RecordConflict):
            await self.app.records.keep([FIRINGS.put(firing)])


def as_schedule(schedule: Schedule) -> Principal:
    """Return a schedule with its rights: to contribute to its own space."""
    return _as_member(schedule.actor, schedule.space)


def _as_member(actor: Actor, space: str) -> Principal:
    return Principal(actor, role="member", spaces={space: "contributor"})


def _name(due: datetime) -> str:
    return f"{due.astimezone(timezone.utc):%Y%m%dT%H%M%SZ}"
