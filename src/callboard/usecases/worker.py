"""The worker: begins tasks when their time has come, and keeps what is under way going."""

import asyncio
import contextlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from callboard.domain.errors import CallboardError, RunBusy, UserMistake
from callboard.domain.org.principal import SYSTEM
from callboard.domain.org.space import SPACES
from callboard.domain.org.task import TASKS, TaskRecord
from callboard.domain.record import Kept
from callboard.domain.run_row import RunRow
from callboard.engine.tasks.queue import startable
from callboard.ports.event_store import RunsWanted
from callboard.ports.records import Wanted
from callboard.runtime.casting import can_be_cast
from callboard.usecases.app import App
from callboard.usecases.queueing import begin, drive_task, fail, settle
from callboard.usecases.trials import end_failed_trials

_log = logging.getLogger(__name__)
_MOST = 100_000


@dataclass(slots=True)
class Worker:
    """Drives the tasks of a deployment inside this process, at most `at_once` at a time.

    It looks every `every_s` seconds, and at once after `wake`. Whatever it does is safe to do twice, by several
    workers at the same moment: records admit one change, and runs one driver.
    """

    app: App
    at_once: int = 8
    every_s: float = 1.0
    patience_s: float = 5.0
    _driving: dict[str, "asyncio.Task[None]"] = field(
        default_factory=dict[str, "asyncio.Task[None]"]
    )
    _looked: dict[str, float] = field(default_factory=dict[str, float])
    _awake: asyncio.Event = field(default_factory=asyncio.Event)
    _loop: "asyncio.Task[None] | None" = None

    async def start(self) -> None:
        """Begin to look for work."""
        self._loop = asyncio.create_task(self._run())

    def wake(self) -> None:
        """Look at once: something was decided, started or changed."""
        self._awake.set()

    async def stop(self, grace_s: float = 10.0) -> None:
        """Begin nothing more, wait for what is under way, then leave it where it is: its log can be taken up
        by whoever comes next.
        """
        if self._loop is not None:
            self._loop.cancel()
            await asyncio.gather(self._loop, return_exceptions=True)
        driving = list(self._driving.values())
        if driving:
            await asyncio.wait(driving, timeout=grace_s)
        for task in driving:
            task.cancel()
        await asyncio.gather(*driving, return_exceptions=True)

    async def idle(self) -> None:
        """Work until nothing can go on without somebody else: all that is left has ended or waits."""
        while await self.turn() or self._driving:
            driving = list(self._driving.values())
            if driving:
                await asyncio.wait(driving, return_when=asyncio.FIRST_COMPLETED)

    async def turn(self) -> int:
        """Look once; return how many tasks were settled or taken up."""
        under_way = await self.app.records.find(TASKS, Wanted(states=("under_way",)))
        rows = await self._rows(under_way)
        free = set(await self.app.ports.store.unfinished()) if under_way else set[str]()
        stirring = await self._stirring(under_way)
        moved = 0
        for kept in under_way:
            row = rows.get(kept.value.run_id or "")
            if row is not None and row.ended_at is not None:
                moved += await self._settled(kept)
            elif kept.value.key not in self._driving and await self._can_go_on(row, free, stirring):
                moved += self._drive(kept.value)
        return moved + await self._begin_queued()

    async def _rows(self, tasks: list[Kept[TaskRecord]]) -> dict[str, RunRow]:
        """Return the runs of tasks that are under way: most are open, and are read together."""
        if not tasks:
            return {}
        store = self.app.ports.store
        open_runs = await store.rows(RunsWanted(statuses=("running", "waiting"), limit=_MOST))
        rows = {row.run_id: row for row in open_runs}
        for kept in tasks:
            run_id = kept.value.run_id or ""
            row = rows.get(run_id) or await store.row(run_id)
            if row is not None:
                rows[run_id] = row
        return rows

    async def _stirring(self, tasks: list[Kept[TaskRecord]]) -> set[str]:
        """Return the runs of tasks below which something can go on: a run there was decided about, or its time to be
        decided about is over.
        """
        spaces = tuple({kept.value.space for kept in tasks})
        if not spaces:
            return set()
        now = self.app.ports.clock.now()
        wanted = RunsWanted(
            root_only=False, statuses=("running", "waiting"), spaces=spaces, limit=100_000
        )
        below = [row for row in await self.app.ports.store.rows(wanted) if row.parent_id]
        return {row.root_id for row in below if row.status == "running" or _is_late(row, now)}

    async def _can_go_on(self, row: RunRow | None, free: set[str], stirring: set[str]) -> bool:
        """Return whether a run has something to do that nobody does: it was never created, its process died, it
        was decided about, its time to decide is over, or there is somebody now for a step that nobody could do.
        """
        if row is None:
            return True
        if row.run_id not in free:  # a living process drives it
            return False
        now = self.app.ports.clock.now()
        if row.status == "running" or _is_late(row, now):
            return True
        if row.run_id in stirring:
            return not self._looked_lately(row.run_id)
        if row.waiting_on != "an agent" or self._looked_lately(row.run_id):
            return False
        return await can_be_cast(self.app.ports, row.run_id)

    def _looked_lately(self, run_id: str) -> bool:
        """Return whether it was asked a moment ago if anybody can do a run's step; if not, remember that it is."""
        now = self.app.ports.clock.monotonic()
        if now - self._looked.get(run_id, float("-inf")) < self.patience_s:
            return True
        self._looked[run_id] = now
        return False

    async def _settled(self, kept: Kept[TaskRecord]) -> int:
        with contextlib.suppress(UserMistake):  # another worker was faster
            await settle(self.app, SYSTEM, kept)
            await end_failed_trials(self.app)
            return 1
        return 0

    async def _begin_queued(self) -> int:
        queued = await self.app.records.find(TASKS, Wanted(states=("queued",)))
        if not queued:
            return 0
        under_way = await self.app.records.find(TASKS, Wanted(states=("under_way",)))
        rows = await self._rows(under_way)
        spaces = await self.app.records.find(SPACES, Wanted(states=("open",)))
        waiting = {kept.value.key: kept for kept in queued}
        chosen = startable(
            [kept.value for kept in queued],
            [kept.value for kept in under_way if _takes_a_place(rows, kept.value)],
            await self._done(queued),
            {kept.value.id: kept.value.at_once for kept in spaces},
            self.at_once,
        )
        begun = 0
        for task in chosen:
            taken = await begin(self.app, waiting[task.key])
            begun += self._drive(taken) if taken is not None else 0
        return begun

    async def _done(self, queued: list[Kept[TaskRecord]]) -> frozenset[str]:
        """Return those of the tasks that others wait for which are done."""
        needed = {key for kept in queued for key in kept.value.depends_on}
        found = [await self.app.records.get(TASKS, key) for key in sorted(needed)]
        return frozenset(
            kept.value.key for kept in found if kept is not None and kept.value.state == "done"
        )

    def _drive(self, task: TaskRecord) -> int:
        self._driving[task.key] = asyncio.create_task(self._driven(task))
        return 1

    async def _driven(self, task: TaskRecord) -> None:
        try:
            await drive_task(self.app, task)
        except RunBusy:
            pass  # another process drives it
        except CallboardError as error:
            await self._failed(task, error)
        except Exception:  # noqa: BLE001 - one task's fault must not stop the others
            _log.exception("task %s could not be driven", task.key)
        finally:
            self._driving.pop(task.key, None)
            self.wake()

    async def _failed(self, task: TaskRecord, error: CallboardError) -> None:
        """Let a task fail whose run cannot begin; one that has a run is tried again later."""
        if await self.app.ports.store.row(task.run_id or "") is not None:
            _log.warning("task %s: %s", task.key, error)
            await asyncio.sleep(self.every_s)
            return
        kept = await self.app.records.get(TASKS, task.key)
        if kept is not None and kept.value.state == "under_way":
            with contextlib.suppress(UserMistake):
                await fail(self.app, kept, str(error))

    async def _run(self) -> None:
        while True:
            self._awake.clear()
            try:
                await self.turn()
            except CallboardError as error:
                _log.warning("the worker could not look for work: %s", error)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._awake.wait(), self.every_s)


def _is_late(row: RunRow, now: datetime) -> bool:
    """Return whether the time to decide about a run is over."""
    return row.waiting_until is not None and now >= row.waiting_until


def _takes_a_place(rows: Mapping[str, RunRow], task: TaskRecord) -> bool:
    """Return whether a task that is under way is worked on: one that waits for somebody keeps nobody else out."""
    row = rows.get(task.run_id or "")
    return row is None or row.status == "running"
