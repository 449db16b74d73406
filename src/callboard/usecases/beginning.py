"""Beginning queued tasks: as many as there are places here, in the order that is fair."""

from collections import Counter

from callboard.domain.org.space import SPACES
from callboard.domain.org.task import TASKS, TaskRecord
from callboard.domain.record import Kept
from callboard.engine.tasks.queue import startable
from callboard.ports.event_store import RunsWanted
from callboard.ports.records import Wanted
from callboard.usecases.app import App
from callboard.usecases.queueing import begin

_MOST = 100_000


async def begin_queued(app: App, begun: dict[str, str], places: int) -> list[TaskRecord]:
    """Take queued tasks for new runs, at most so many, and return them. `begun` are those that this process took
    lately, each with its space, some of which have no run yet.
    """
    if places < 1 or not await app.unattended.is_queued():
        return []
    queued = await app.records.find(TASKS, Wanted(states=("queued",)))
    spaces = await app.records.find(SPACES, Wanted(states=("open",)))
    chosen = startable(
        [kept.value for kept in queued],
        await _under_way(app, begun),
        await _done(app, queued),
        {kept.value.id: kept.value.at_once for kept in spaces},
        places,
    )
    waiting = {kept.value.key: kept for kept in queued}
    taken = [await begin(app, waiting[task.key]) for task in chosen]
    return [task for task in taken if task is not None]


async def _under_way(app: App, begun: dict[str, str]) -> Counter[str]:
    """Return how many tasks of each space take a place: one that waits for somebody keeps nobody else out."""
    running = await app.ports.store.rows(RunsWanted(statuses=("running",), limit=_MOST))
    spaces = {row.run_id: row.space for row in running if row.task is not None}
    for run_id, space in begun.items():
        if run_id not in spaces and await app.ports.store.row(run_id) is None:
            spaces[run_id] = space
    return Counter(spaces.values())


async def _done(app: App, queued: list[Kept[TaskRecord]]) -> frozenset[str]:
    """Return those of the tasks that others wait for which are done."""
    needed = {key for kept in queued for key in kept.value.depends_on}
    found = [await app.records.get(TASKS, key) for key in sorted(needed)]
    return frozenset(
        kept.value.key for kept in found if kept is not None and kept.value.state == "done"
    )
