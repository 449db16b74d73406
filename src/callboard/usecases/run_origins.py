"""Noting where runs of no task were begun, so that others can tell whether they may go on with them."""

import contextlib

from callboard.domain.errors import RecordConflict
from callboard.domain.events.run import RunCreated
from callboard.domain.org.run_origin import HANDED_ON, RUN_ORIGINS, RunOrigin
from callboard.domain.record import Kept
from callboard.domain.run.fold import AGENT
from callboard.domain.run_row import RunRow
from callboard.domain.submission import Submission
from callboard.ports.records import Wanted
from callboard.runtime.children import Ended
from callboard.runtime.run_log import create_run
from callboard.usecases.app import App


async def start_noted(app: App, run_id: str, created: RunCreated) -> Ended:
    """Create a root run and drive it until it ends or waits; until it has ended there is a note of it, where it is of no
    task.

    Raises:
        RunExists: the id is taken.
    """
    is_noted = created.task is None and await note_origin(app, run_id, created)
    ended = await app.driver.start(run_id, created)
    if is_noted and ended.terminal is not None:
        await _forget_origin(app, run_id)
    return ended


async def drive_noted(app: App, run_id: str) -> Ended:
    """Drive a run as `Driver.drive` does; of one that has ended no note is kept."""
    ended = await app.driver.drive(run_id)
    if ended.terminal is not None:
        await _forget_origin(app, run_id)
    return ended


async def submit_new(app: App, run_id: str, created: RunCreated) -> None:
    """Create an agent's root run of no task, and leave it to whichever worker has a place free.

    Raises:
        RunExists: the id is taken.
    """
    log = await create_run(app.ports, run_id, created, AGENT)
    origin = RunOrigin(run_id=run_id, place=app.place, brings=app.brings, handed_on=True)
    kept = await app.records.get(RUN_ORIGINS, run_id)
    # before it is let go of: nothing may come in between
    await app.records.keep((RUN_ORIGINS.put(origin, over=kept),))
    await log.release()
    await app.dispatcher.submit(Submission(run_id, created.space))


async def submit_again(app: App, row: RunRow) -> None:
    """Leave a root run of no task that nobody drives to whichever worker has a place free."""
    await hand_on(app, row.run_id)
    await app.dispatcher.submit(Submission(row.run_id, row.space))


async def note_origin(app: App, run_id: str, created: RunCreated) -> bool:
    """Note what others must know before they go on with a new run; return whether there was anything. On one machine,
    without anything that a program brought along, whoever comes next can.
    """
    is_copy = app.ports.workspaces.is_copy
    is_bound = app.place and (created.folders or not await is_copy(created.workspace))
    if not is_bound and not app.brings:
        return False
    if await app.ports.store.row(run_id) is not None:
        return False  # the id is taken: the run will be refused
    origin = RunOrigin(run_id=run_id, place=app.place, brings=app.brings)
    with contextlib.suppress(RecordConflict):
        await app.records.keep((RUN_ORIGINS.put(origin),))
    return True


async def hand_on(app: App, run_id: str) -> None:
    """Leave a root run of no task that this process drives for others, or drove, to any worker."""
    row = await app.ports.store.row(run_id)
    if row is None or row.ended_at is not None or row.task is not None or row.parent_id:
        return
    kept = await app.records.get(RUN_ORIGINS, run_id)
    known = RunOrigin(run_id=run_id, place=app.place) if kept is None else kept.value
    if not known.handed_on:
        handed_on = known.model_copy(update={"handed_on": True})
        with contextlib.suppress(RecordConflict):  # another process did
            await app.records.keep((RUN_ORIGINS.put(handed_on, over=kept),))


async def handed_on(app: App) -> frozenset[str]:
    """Return the ids of the root runs that are left to any worker."""
    found = await app.records.find(RUN_ORIGINS, Wanted(states=(HANDED_ON,)))
    return frozenset(kept.value.run_id for kept in found)


async def _forget_origin(app: App, run_id: str) -> None:
    """Take the note of a run away that has ended."""
    kept: Kept[RunOrigin] | None = await app.records.get(RUN_ORIGINS, run_id)
    if kept is not None:
        with contextlib.suppress(RecordConflict):
            await app.records.keep((RUN_ORIGINS.remove(kept),))
