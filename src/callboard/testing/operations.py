"""A double of what whoever operates a deployment asks."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from callboard.domain.org.task import TASKS
from callboard.ports.event_store import EventStore, RunsWanted
from callboard.ports.examination import Finding
from callboard.ports.operations import Load
from callboard.ports.records import Records, Wanted

_MOST = 100_000


@dataclass(frozen=True, slots=True)
class MemoryOperations:
    """`callboard.ports.operations.Operations` by looking at everything."""

    store: EventStore
    records: Records

    async def load(self) -> Load:
        """See the port."""
        wanted = RunsWanted(root_only=False, statuses=("running", "waiting"), limit=_MOST)
        rows = await self.store.rows(wanted)
        waiting = [row for row in rows if row.status == "waiting" and row.parent_id is None]
        return Load(
            runs=Counter((str(row.kind), str(row.status)) for row in rows),
            waiting_for_people=sum(row.waiting_on != "an agent" for row in waiting),
            queued=len(await self.records.find(TASKS, Wanted(states=("queued",)))),
            under_way=len(await self.records.find(TASKS, Wanted(states=("under_way",)))),
        )

    async def check(self) -> None:
        """See the port."""
        await self.store.rows(RunsWanted(limit=1))

    async def examine(self, now: Callable[[], datetime]) -> Sequence[Finding]:
        """See the port. There is no server."""
        del now
        return ()
