"""Runs without a task that failed, for whoever started them: a task that failed tells of itself."""

from datetime import datetime, timedelta
from typing import Final

from callboard.domain.actor import Actor
from callboard.domain.errors import RunArchived
from callboard.domain.events.run import RunCreated, RunFailed
from callboard.domain.org.principal import Principal
from callboard.domain.run_row import RunRow
from callboard.engine.inbox import Item
from callboard.engine.tasks.standing import ago
from callboard.ports.event_store import RunsWanted
from callboard.runtime.reading import load
from callboard.usecases.app import App
from callboard.usecases.open_gates import Failed
from callboard.usecases.persons import open_to

_OF_INTEREST: Final = timedelta(days=14)
"""How long a failure concerns somebody who did nothing about it."""
_MOST: Final = 300
_UNKNOWN: Final = Failed(Actor(kind="system", name=""), "")


async def failed_runs(app: App, who: Principal, now: datetime) -> list[Item]:
    """Return the runs of the last two weeks that somebody started, that belong to no task and failed."""
    spaces = open_to(who, "run.read")
    wanted = RunsWanted(statuses=("failed",), spaces=spaces, limit=_MOST)
    found: list[Item] = []
    for row in await app.ports.store.rows(wanted):
        ended = row.ended_at or row.updated_at
        if row.task is None and now - ended <= _OF_INTEREST:
            failed = await _failed(app, row)
            if failed.actor == who.actor:
                found.append(_item(row, ended, failed.problem, now))
    return found


def _item(row: RunRow, ended: datetime, problem: str, now: datetime) -> Item:
    why = f": {problem}" if problem else ""
    sentence = f"Failed {ago(now - ended)} ago{why}."
    return Item("failure", row.run_id, row.space, row.title, sentence, ended)


async def _failed(app: App, row: RunRow) -> Failed:
    known = app.remembered.failure(row.run_id)
    if known is None:
        known = await _read(app, row)
        app.remembered.keep_failure(row.run_id, known)
    return known


async def _read(app: App, row: RunRow) -> Failed:
    try:
        entries = await load(app.ports.store, row.run_id)
    except RunArchived:
        return _UNKNOWN
    first, last = entries[0].event, entries[-1].event
    if not isinstance(first, RunCreated) or not isinstance(last, RunFailed):
        return _UNKNOWN
    return Failed(first.actor, last.output.message.strip().rstrip("."))
