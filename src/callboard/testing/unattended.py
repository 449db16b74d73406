"""What every `callboard.ports.unattended.Unattended` finds. Subclass, and give the fixtures `store` (an event store),
`records` and `unattended` over one database, and `another`, the store of another process over it.
"""

# ruff: noqa: D102 - the names of the tests are their sentences

import asyncio
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from callboard.domain.org.task import TASKS, TaskRecord, TaskState
from callboard.domain.record import Change
from callboard.domain.run_row import RunRow, RunStatus
from callboard.ports.event_store import EventStore, RunsWanted
from callboard.ports.records import Records, Wanted
from callboard.ports.unattended import Lost, Unattended
from callboard.testing.store.memory import MemoryDisk, MemoryEventStore
from callboard.testing.store.samples import ADA, NOON, SampleLog

EARLY = NOON + timedelta(minutes=1)
LATE = NOON + timedelta(hours=2)
_OPEN: Final = ("running", "waiting")
_MOST: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class LookAtAll:
    """`callboard.ports.unattended.Unattended` over any store and records, by a look at everything."""

    store: EventStore
    records: Records

    async def runs(self, now: datetime) -> list[RunRow]:
        """Return the roots of tasks without a living owner that may have something to go on with."""
        return [row for row in await self._free(now) if row.task is not None]

    async def lost(self, now: datetime) -> list[Lost]:
        """Return the others that have no living owner and may have something to go on with."""
        return [Lost(row, self._died(row)) for row in await self._free(now) if row.task is None]

    @property
    def _disk(self) -> MemoryDisk:
        if not isinstance(self.store, MemoryEventStore):
            raise TypeError("nobody but the store itself knows who drove a run")
        return self.store.disk

    def _died(self, row: RunRow) -> bool:
        return self._disk.run(row.run_id).owner is not None

    async def _free(self, now: datetime) -> list[RunRow]:
        free = set(await self.store.unfinished())
        if not free:
            return []
        rows = await self.store.rows(RunsWanted(root_only=False, statuses=_OPEN, limit=_MOST))
        stirred = {row.root_id for row in rows if row.status == "running" or _is_late(row, now)}
        found = [
            row
            for row in rows
            if row.run_id in free
            if row.run_id in stirred or row.waiting_on == "an agent"
        ]
        return sorted(found, key=lambda row: (row.status != "running", row.created_at, row.run_id))

    async def changes(self) -> int:
        """Return how many events there are."""
        return len(self._disk.events)

    async def changed(self, seen: int, within_s: float) -> None:
        """Come back when there are others, or the time is over."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                while await self.changes() == seen:  # noqa: ASYNC110 - a disk tells nobody
                    await asyncio.sleep(0.01)

    async def is_queued(self) -> bool:
        """Return whether any task waits to be begun."""
        return bool(await self.records.find(TASKS, Wanted(states=("queued",))))

    async def tasks(self) -> list[str]:
        """Return the keys of the tasks under way that no open run works on."""
        under_way = await self.records.find(TASKS, Wanted(states=("under_way",)))
        if not under_way:
            return []
        rows = await self.store.rows(RunsWanted(statuses=_OPEN, limit=_MOST))
        worked_on = {row.task for row in rows}
        return [kept.value.key for kept in under_way if kept.value.key not in worked_on]


def _is_late(row: RunRow, now: datetime) -> bool:
    return row.waiting_until is not None and now >= row.waiting_until


class Rows:
    """Runs as they may stand, made in a store."""

    def __init__(self, store: EventStore) -> None:
        self.store = store

    async def left(self, run_id: str, status: RunStatus = "running", **changes: object) -> None:
        """Create a run that nobody drives any more."""
        log = SampleLog(run_id)
        row = replace(log.row(status), **changes)
        claim = await self.store.create(log.events(), row)
        await self.store.release(claim)

    async def below(self, parent: str, run_id: str, status: RunStatus, **changes: object) -> None:
        """Create a run below another."""
        await self.left(run_id, status, root_id=parent, parent_id=parent, **changes)


async def task(records: Records, key: str, state: TaskState) -> None:
    """Write a task down."""
    value = TaskRecord(
        key=key,
        space="shop",
        title=key,
        workflow="flow",
        repository="/r",
        state=state,
        created_by=ADA,
        created_at=NOON,
    )
    await records.commit(Change(ADA, "task.manage", NOON, (TASKS.put(value),)))


def _ids(rows: list[RunRow]) -> list[str]:
    return [row.run_id for row in rows]


def _standings(found: list[Lost]) -> dict[str, bool]:
    return {one.row.run_id: one.died for one in found}


class UnattendedContract:
    """The behaviour of `callboard.ports.unattended.Unattended`."""

    async def test_finds_nothing_where_there_is_nothing(self, unattended: Unattended) -> None:
        assert (await unattended.runs(LATE), await unattended.tasks()) == ([], [])

    async def test_finds_runs_that_stopped_in_the_middle_the_oldest_first(
        self, store: EventStore, unattended: Unattended
    ) -> None:
        rows = Rows(store)
        await rows.left("b", created_at=NOON + timedelta(seconds=1))
        await rows.left("a", created_at=NOON + timedelta(seconds=2))
        await rows.left("done", "completed")
        await rows.left("own", task=None)
        assert _ids(await unattended.runs(EARLY)) == ["b", "a"]

    async def test_leaves_alone_what_a_living_process_drives(
        self, store: EventStore, unattended: Unattended
    ) -> None:
        await SampleLog("mine").created_in(store)
        assert await unattended.runs(LATE) == []

    async def test_finds_what_waits_for_people_only_when_their_time_is_over(
        self, store: EventStore, unattended: Unattended
    ) -> None:
        await Rows(store).left("w", "waiting")
        await Rows(store).left("for-ever", "waiting", waiting_until=None)
        assert await unattended.runs(EARLY) == []
        assert _ids(await unattended.runs(LATE)) == ["w"]

    async def test_finds_roots_above_what_can_go_on(
        self, store: EventStore, unattended: Unattended
    ) -> None:
        rows = Rows(store)
        for root, status in (("decided", "running"), ("waits", "waiting"), ("over", "completed")):
            await rows.left(root, "waiting", waiting_until=None)
            await rows.below(root, f"{root}.1", status)  # pyright: ignore[reportArgumentType]
        assert _ids(await unattended.runs(EARLY)) == ["decided"]
        assert _ids(await unattended.runs(LATE)) == ["decided", "waits"]

    async def test_finds_what_waits_for_an_agent_after_all_that_runs(
        self, store: EventStore, unattended: Unattended
    ) -> None:
        rows = Rows(store)
        await rows.left("postponed", "waiting", waiting_on="an agent", waiting_until=None)
        await rows.left("stopped", created_at=NOON + timedelta(days=1))
        assert _ids(await unattended.runs(EARLY)) == ["stopped", "postponed"]

    async def test_tells_of_others_without_a_task_whether_their_process_died(
        self, store: EventStore, another: EventStore, unattended: Unattended
    ) -> None:
        rows = Rows(store)
        await rows.left("let-go", task=None)
        await rows.left("of-a-task")
        await rows.left("parent", "waiting", task=None, waiting_until=None)
        await rows.below("parent", "parent.1", "waiting", task=None, waiting_until=None)
        for driver, run_id in ((store, "here"), (another, "there")):
            log = SampleLog(run_id)
            await driver.create(log.events(), replace(log.row(), task=None))
        assert _standings(await unattended.lost(EARLY)) == {"let-go": False}
        await another.close()
        assert _standings(await unattended.lost(EARLY)) == {"let-go": False, "there": True}

    async def test_notices_what_another_process_writes(
        self, another: EventStore, unattended: Unattended
    ) -> None:
        async with asyncio.timeout(20):
            seen = await unattended.changes()
            await SampleLog("there").created_in(another)
            await unattended.changed(seen, within_s=3_600)
        assert await unattended.changes() != seen

    async def test_waits_no_longer_than_it_was_told_to(self, unattended: Unattended) -> None:
        async with asyncio.timeout(20):
            seen = await unattended.changes()
            await unattended.changed(seen, within_s=0.01)

    async def test_knows_whether_a_task_waits_to_be_begun(
        self, records: Records, unattended: Unattended
    ) -> None:
        await task(records, "SHOP-1", "open")
        assert not await unattended.is_queued()
        await task(records, "SHOP-2", "queued")
        assert await unattended.is_queued()

    async def test_finds_tasks_that_no_open_run_works_on(
        self, store: EventStore, records: Records, unattended: Unattended
    ) -> None:
        rows = Rows(store)
        for number, state in enumerate(("under_way", "under_way", "under_way", "queued"), 1):
            await task(records, f"SHOP-{number}", state)
        await rows.left("SHOP-1-1", "completed", task="SHOP-1")
        await rows.left("SHOP-1-2", "waiting", task="SHOP-1")
        await rows.left("SHOP-2-1", "failed", task="SHOP-2")
        await rows.below("SHOP-2-1", "SHOP-2-1.s.1", "running", task="SHOP-2")
        assert await unattended.tasks() == ["SHOP-2", "SHOP-3"]
