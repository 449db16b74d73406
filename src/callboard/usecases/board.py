"""Looking at tasks: each with its run, how it stands, what it waits for and what waits for it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from statistics import median
from typing import Final

from callboard.domain.org.principal import Principal
from callboard.domain.org.task import ENDED, TASKS, TaskRecord
from callboard.domain.run_row import RunRow
from callboard.domain.usage import Bill
from callboard.engine.tasks.standing import Expected, Standing, standing_of
from callboard.ports.event_store import RunsWanted
from callboard.ports.records import Wanted
from callboard.usecases.app import App, seen_spaces
from callboard.usecases.tasks import require_task

_MOST = 10_000
_SAMPLE = 50
"""How many finished tasks of a workflow an expectation rests on at most."""


@dataclass(frozen=True, slots=True)
class TasksWanted:
    """Which tasks: of a space, of a workflow, in these states, with one of these labels, of an owner, below a parent, or
    with a text in key or title, or of these priorities; the newest first, older than the record at position `before`.
    """

    space: str | None = None
    states: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    owner: str | None = None
    parent: str | None = None
    text: str = ""
    priorities: tuple[str, ...] = ()
    workflow: str | None = None
    before: int | None = None
    limit: int = 100


NEWEST: Final = TasksWanted()


@dataclass(frozen=True, slots=True)
class TaskView:
    """A task as people see it. `blocks` are the tasks that wait for it, `subtasks` those below it; `bill` is what
    it and everything below it cost. `position` orders tasks by age.
    """

    task: TaskRecord
    row: RunRow | None
    standing: Standing
    blocks: tuple[str, ...]
    subtasks: tuple[TaskRecord, ...]
    bill: Bill
    position: int

    @property
    def progress(self) -> tuple[int, int]:
        """How many of its subtasks are done, of how many."""
        return sum(one.state == "done" for one in self.subtasks), len(self.subtasks)


async def list_tasks(app: App, who: Principal, wanted: TasksWanted = NEWEST) -> list[TaskView]:
    """Return the tasks of the spaces that somebody sees."""
    spaces = seen_spaces(who, "task.read", None if wanted.space is None else (wanted.space,))
    kept = await app.records.find(TASKS, Wanted(spaces=spaces))
    positions = {one.value.key: one.position for one in kept}
    every = {one.value.key: one.value for one in kept}
    found = [one for one in reversed(kept) if fits(one.value, one.position, wanted)]
    chosen = [one.value for one in found[: wanted.limit]]
    rows = await task_rows(app, {task.space for task in every.values()})
    return views_of(chosen, every, positions, rows, app.ports.clock.now())


async def show_task(app: App, who: Principal, key: str) -> TaskView:
    """Return a task as people see it.

    Raises:
        UnknownThing: no such task, or none that they see.
    """
    kept = await require_task(app, who, "task.read", key)
    others = await app.records.find(TASKS, Wanted(spaces=seen_spaces(who, "task.read")))
    every = {one.value.key: one.value for one in others}
    rows = await task_rows(app, {task.space for task in every.values()})
    (view,) = views_of([kept.value], every, {key: kept.position}, rows, app.ports.clock.now())
    return view


async def task_runs(app: App, who: Principal, key: str) -> list[RunRow]:
    """Return a task's runs, the latest first.

    Raises:
        UnknownThing: no such task, or none that they see.
    """
    await require_task(app, who, "task.read", key)
    return await app.ports.store.rows(RunsWanted(task=key, limit=_MOST))


def fits(task: TaskRecord, position: int, wanted: TasksWanted) -> bool:
    """Return whether a task is one of those that are wanted."""
    text = wanted.text.lower()
    return (
        (not wanted.states or task.state in wanted.states)
        and (not wanted.labels or not set(wanted.labels).isdisjoint(task.labels))
        and wanted.owner in (None, task.owner)
        and wanted.parent in (None, task.parent)
        and (not wanted.priorities or task.priority in wanted.priorities)
        and wanted.workflow in (None, task.workflow)
        and (wanted.before is None or position < wanted.before)
        and (not text or text in task.key.lower() or text in task.title.lower())
    )


def views_of(
    tasks: Sequence[TaskRecord],
    every: Mapping[str, TaskRecord],
    positions: Mapping[str, int],
    rows: Mapping[str, RunRow],
    now: datetime,
) -> list[TaskView]:
    """Return tasks as people see them, of `every` task by its key, with the `rows` of their runs."""
    expected = _expectations(every.values(), rows)
    blocks, below = _blocks(every.values()), _below(every.values())
    views: list[TaskView] = []
    for task in tasks:
        row = rows.get(task.run_id or "")
        waits = _unfinished(task.depends_on, every) if task.depends_on else ()
        expectation = expected.get((task.space, task.workflow), Expected())
        views.append(
            TaskView(
                task,
                row,
                standing_of(task, row, waits, expectation, now),
                tuple(blocks.get(task.key, ())),
                tuple(below.get(task.key, ())),
                _bill(task, below, rows),
                positions[task.key],
            )
        )
    return views


async def task_rows(app: App, spaces: Iterable[str]) -> dict[str, RunRow]:
    """Return the runs of the tasks of these spaces, by their ids."""
    rows = await app.ports.store.rows(RunsWanted(spaces=tuple(spaces), limit=_MOST))
    return {row.run_id: row for row in rows if row.task is not None}


def _unfinished(keys: Iterable[str], every: Mapping[str, TaskRecord]) -> tuple[str, ...]:
    return tuple(key for key in keys if (task := every.get(key)) is None or task.state != "done")


def _blocks(tasks: Iterable[TaskRecord]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for task in tasks:
        if task.state not in ENDED:
            for needed in task.depends_on:
                found.setdefault(needed, []).append(task.key)
    return found


def _below(tasks: Iterable[TaskRecord]) -> dict[str, list[TaskRecord]]:
    found: dict[str, list[TaskRecord]] = {}
    for task in tasks:
        if task.parent is not None:
            found.setdefault(task.parent, []).append(task)
    return found


def _bill(
    task: TaskRecord, below: Mapping[str, Sequence[TaskRecord]], rows: Mapping[str, RunRow]
) -> Bill:
    """Return what a task, in all its runs, and everything below it cost."""
    if task.key not in below and len(task.runs) == 1:
        row = rows.get(task.runs[0])
        return Bill() if row is None else row.bill
    bill, todo = None, [task]
    while todo:
        one = todo.pop()
        todo += below.get(one.key, ())
        for run_id in one.runs:
            row = rows.get(run_id)
            if row is not None:
                bill = row.bill if bill is None else bill.merged(row.bill)
    return bill or Bill()


def _expectations(
    tasks: Iterable[TaskRecord], rows: Mapping[str, RunRow]
) -> dict[tuple[str, str], Expected]:
    """Return what tasks took by space and workflow: the medians of those that were done last."""
    done: dict[tuple[str, str], list[RunRow]] = {}
    for task in tasks:
        row = rows.get(task.run_id or "")
        if task.state == "done" and row is not None and row.ended_at is not None:
            done.setdefault((task.space, task.workflow), []).append(row)
    return {key: _expected(theirs[-_SAMPLE:]) for key, theirs in done.items()}


def _expected(rows: Sequence[RunRow]) -> Expected:
    costs = [row.bill.total_usd for row in rows]
    known = [cost for cost in costs if cost is not None]
    seconds = [((row.ended_at or row.updated_at) - row.created_at).total_seconds() for row in rows]
    cost = Decimal(median(known)) if known else None
    return Expected(cost, median(seconds), len(rows))
