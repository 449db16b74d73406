"""The first page of somebody: what waits for them, what does not move, what was spent, and what was done lately."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from callboard.domain.org.principal import Principal, in_space
from callboard.domain.org.space import SPACES
from callboard.domain.org.task import ENDED, TASKS
from callboard.domain.run_row import RunRow
from callboard.domain.usage import Bill
from callboard.engine.authority import may
from callboard.engine.budgets import Standing, space_account
from callboard.engine.inbox import Entry
from callboard.ports.event_store import RunsWanted
from callboard.ports.records import Wanted
from callboard.usecases.app import App, seen_spaces
from callboard.usecases.board import TaskView, views_of
from callboard.usecases.inbox import list_inbox

_RUNS: Final = 10_000
_LATELY: Final = 8
_WAITED_LONG: Final = timedelta(days=2)
"""How long something may wait for people before it counts as forgotten."""


@dataclass(frozen=True, slots=True)
class SpaceSpending:
    """What runs that began in this calendar month (UTC) cost in a space. `limit_usd` is the space's budget, of which
    `spent_usd` is spent altogether; None where it has none.
    """

    space: str
    name: str
    month: Bill
    limit_usd: Decimal | None = None
    spent_usd: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Home:
    """What concerns somebody now. `waiting` is their inbox, best dealt with in this order. `blocked` are started
    tasks that wait for others, `stale` those that say nothing or wait for people for days, both the longest first.
    `recent` are the tasks that ended last.
    """

    waiting: tuple[Entry, ...]
    working: tuple[TaskView, ...]
    blocked: tuple[TaskView, ...]
    stale: tuple[TaskView, ...]
    spending: tuple[SpaceSpending, ...]
    recent: tuple[TaskView, ...]


async def look_home(app: App, who: Principal, space: str | None = None) -> Home:
    """Return the first page of somebody, of the spaces that they see (or of one of them).

    Raises:
        NotAllowed: tasks are not for them at all.
    """
    spaces = seen_spaces(who, "task.read", None if space is None else (space,))
    now = app.ports.clock.now()
    kept = await app.records.find(TASKS, Wanted(spaces=spaces))
    read = await app.ports.store.rows(RunsWanted(spaces=spaces, limit=_RUNS))
    rows = {row.run_id: row for row in read}
    every = {one.value.key: one.value for one in kept}
    positions = {one.value.key: one.position for one in kept}
    ended = sorted(
        (one for one in every.values() if one.ended_at), key=lambda one: _end(one.ended_at)
    )
    unfinished = [one for one in every.values() if one.state not in ENDED]
    views = views_of([*unfinished, *ended[-_LATELY:]], every, positions, rows, now)
    going, over = views[: len(unfinished)], views[len(unfinished) :]
    waiting = await list_inbox(app, who, rows=None if space else rows) if _has_inbox(who) else []
    return Home(
        tuple(entry for entry in waiting if space in (None, entry.first.space)),
        tuple(view for view in going if view.row is not None and view.row.status == "running"),
        _longest_first(view for view in going if view.standing.health == "blocked"),
        _longest_first(view for view in going if _is_stale(view, now)),
        await _spending(app, who, spaces, read, now),
        tuple(reversed(over)),
    )


def _has_inbox(who: Principal) -> bool:
    return may(who, "inbox.read") and who.actor.kind == "person"


def _end(moment: datetime | None) -> float:
    return moment.timestamp() if moment is not None else 0.0


def _longest_first(views: Iterable[TaskView]) -> tuple[TaskView, ...]:
    return tuple(sorted(views, key=lambda view: view.standing.since))


def _is_stale(view: TaskView, now: datetime) -> bool:
    if view.standing.health == "stalled":
        return True
    return view.standing.health == "needs_person" and now - view.standing.since >= _WAITED_LONG


async def _spending(
    app: App,
    who: Principal,
    spaces: tuple[str, ...] | None,
    rows: Sequence[RunRow],
    now: datetime,
) -> tuple[SpaceSpending, ...]:
    begins = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    bills = _bills(row for row in rows if row.created_at >= begins)
    budgets = {one.account: one for one in await app.ports.budgets.standings()}
    found = await app.records.find(SPACES, Wanted(spaces=spaces, states=("open",)))
    return tuple(
        _of_space(kept.value.id, kept.value.name, bills, budgets)
        for kept in found
        if may(who, "usage.read", in_space(kept.value.id))
    )


def _of_space(
    space: str, name: str, bills: Mapping[str, Bill], budgets: Mapping[str, Standing]
) -> SpaceSpending:
    budget = budgets.get(space_account(space))
    bill = bills.get(space, Bill())
    if budget is None:
        return SpaceSpending(space, name, bill)
    return SpaceSpending(space, name, bill, budget.limit_usd, budget.spent_usd)


def _bills(rows: Iterable[RunRow]) -> dict[str, Bill]:
    found: dict[str, Bill] = {}
    for row in rows:
        found[row.space] = found.get(row.space, Bill()).merged(row.bill)
    return found
