"""Advancing a task's run: what is done where somebody hinted that it can go on. Harmless where it cannot."""

import asyncio
import contextlib
import logging
from dataclasses import replace
from datetime import datetime, timedelta

from callboard.domain.errors import (
    CallboardError,
    Fenced,
    NoRoom,
    RunBusy,
    RunExists,
    StoreUnavailable,
    UserMistake,
)
from callboard.domain.org.principal import SYSTEM
from callboard.domain.org.task import TASKS, TaskRecord
from callboard.domain.record import Kept
from callboard.domain.run_row import RunRow
from callboard.domain.submission import Submission
from callboard.engine.pacing import BEGINS, Ask
from callboard.ports.event_store import RunsWanted
from callboard.runtime.casting import can_be_cast
from callboard.usecases.app import App
from callboard.usecases.patience import Patience
from callboard.usecases.queueing import drive_task, fail, settle
from callboard.usecases.trials import end_failed_trials

_log = logging.getLogger(__name__)
_MOST = 1_000
_AGAIN_S = 1.0
_NOT_OURS_S = 60.0


def submission_of(task: TaskRecord) -> Submission:
    """Return the wish that a task's run be advanced."""
    return Submission(task.run_id or "", task.space, task.priority)


async def advance(app: App, run_id: str, patience: Patience) -> bool:
    """Drive a task's run as far as it goes now, and let the task end where it has ended. Return whether it is of a task: a
    run that belongs to none under way is left alone here.

    Raises:
        StoreUnavailable: the database is away; the run is as it was recorded.
    """
    kept, row = await asyncio.gather(_task_of(app, run_id), app.ports.store.row(run_id))
    if kept is None:
        if row is not None and row.task is not None:
            patience.hold(run_id, _NOT_OURS_S)
        return False
    if row is None:
        await _begin(app, kept.value, patience)
    elif row.ended_at is None and await _can_go_on(app, row):
        await _drive(app, kept.value, patience, is_new=False)
    await settle_task(app, kept.value.key)
    return True


async def _begin(app: App, task: TaskRecord, patience: Patience) -> None:
    """Make a task's run and drive it, unless a living process is about to: copying a repository takes its time."""
    run_id = task.run_id or ""
    holder, alone = f"{run_id} begins", (Ask(f"{BEGINS}:{run_id}", at_once=1),)
    if await app.ports.slots.take(holder, alone) is not None:
        patience.hold(run_id, _AGAIN_S)
        return
    try:
        await _drive(app, task, patience, is_new=True)
    finally:
        await app.ports.slots.give_back(holder)


async def settle_task(app: App, key: str) -> bool:
    """Let a task end whose run has ended; return whether it did, here and now."""
    kept = await app.records.get(TASKS, key)
    if kept is None or kept.value.state != "under_way":
        return False
    with contextlib.suppress(UserMistake):  # another worker was faster
        if (await settle(app, SYSTEM, kept)).state != "under_way":
            await end_failed_trials(app)
            return True
    return False


async def _task_of(app: App, run_id: str) -> Kept[TaskRecord] | None:
    kept = await app.records.get(TASKS, run_id.rpartition("-")[0])
    if kept is None or kept.value.run_id != run_id or kept.value.state != "under_way":
        return None
    return kept


async def _can_go_on(app: App, row: RunRow) -> bool:
    """Return whether a run has something to do: it stopped in the middle, it was decided about, its time to be
    decided about is over, or there is somebody now for a step that nobody could do.
    """
    now = app.ports.clock.now()
    if row.status == "running" or is_late(row, now):
        return True
    wanted = RunsWanted(
        root_only=False, statuses=("running", "waiting"), task=row.task, limit=_MOST
    )
    below = [one for one in await app.ports.store.rows(wanted) if one.parent_id is not None]
    if any(one.status == "running" or is_late(one, now) for one in below):
        return True
    return row.waiting_on == "an agent" and await can_be_cast(app.ports, row.run_id)


async def _drive(app: App, task: TaskRecord, patience: Patience, *, is_new: bool) -> None:
    run_id = task.run_id or ""
    try:
        await (drive_task(app, task) if is_new else app.driver.drive(run_id))
    except NoRoom:
        patience.hold(run_id, _AGAIN_S)
        later = app.ports.clock.now() + timedelta(seconds=_AGAIN_S)
        await app.dispatcher.submit(replace(submission_of(task), not_before=later))
    except (RunBusy, RunExists, Fenced):
        pass  # another process drives it
    except StoreUnavailable:
        raise
    except CallboardError as error:
        await _failed(app, task, error, patience, is_new=is_new)
    else:
        patience.went_on(run_id)


async def _failed(
    app: App, task: TaskRecord, error: CallboardError, patience: Patience, *, is_new: bool
) -> None:
    """Let a task fail whose run cannot begin; one that has a run is left as it is, and tried again later: an event of
    a newer release is none of its faults.
    """
    run_id = task.run_id or ""
    if await app.ports.store.row(run_id) is not None:
        if not is_new and patience.failed(run_id):  # of one that is new, another worker was faster
            _log.warning("run %s is left as it is, and tried again later: %s", run_id, error)
        return
    kept = await app.records.get(TASKS, task.key)
    if kept is not None and kept.value.state == "under_way":
        with contextlib.suppress(UserMistake):
            await fail(app, kept, str(error))


def is_late(row: RunRow, now: datetime) -> bool:
    """Return whether the time to decide about a run is over."""
    return row.waiting_until is not None and now >= row.waiting_until
