"""What nobody attends to, by a look at everything: for stores that have no shorter way, and as their measure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from callboard.domain.org.task import TASKS
from callboard.domain.run_row import RunRow
from callboard.ports.event_store import EventStore, RunsWanted
from callboard.ports.records import Records, Wanted

_OPEN: Final = ("running", "waiting")
_MOST: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class LookAtAll:
    """`callboard.ports.unattended.Unattended` over any store and records."""

    store: EventStore
    records: Records

    async def runs(self, now: datetime) -> list[RunRow]:
        """Return the roots without a living owner that may have something to go on with."""
        free = set(await self.store.unfinished())
        if not free:
            return []
        rows = await self.store.rows(RunsWanted(root_only=False, statuses=_OPEN, limit=_MOST))
        stirred = {row.root_id for row in rows if row.status == "running" or _is_late(row, now)}
        found = [
            row
            for row in rows
            if row.run_id in free and (row.run_id in stirred or row.waiting_on == "an agent")
        ]
        return sorted(found, key=lambda row: (row.status != "running", row.created_at, row.run_id))

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
