"""The board: tasks in columns, by the steps of a space's workflow or, over several spaces, by who is to act."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from callboard.domain.errors import ConfigurationInvalid
from callboard.domain.org.principal import Principal
from callboard.domain.org.space import SPACES
from callboard.domain.org.task import ENDED, TASKS, TaskRecord
from callboard.domain.run_row import RunRow
from callboard.domain.workflow import AgentStep, Step, WorkflowDefinition
from callboard.ports.records import Wanted
from callboard.usecases.app import App, seen_spaces
from callboard.usecases.board import TasksWanted, TaskView, fits, task_rows, views_of
from callboard.usecases.queueing import cancel_task, queue_task
from callboard.usecases.tasks import require_task
from callboard.usecases.workflows import Flow, every_live_workflow

BACKLOG: Final = "backlog"
DONE: Final = "done"
_PHASES: Final = (
    ("working", "Agents at work"),
    ("waiting", "Waiting for people"),
    ("failed", "Failed"),
)
"""The columns between backlog and done where several workflows are on one board."""
_LATELY: Final = 50
"""How many of the tasks that are done are on the board."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its tasks, the oldest first (of the last one: the latest first). `who` says who is to act in it, `total`
    how many tasks are in it, those included that are not shown.
    """

    id: str
    title: str
    who: str = ""
    views: Sequence[TaskView] = ()
    total: int = 0


@dataclass(frozen=True, slots=True)
class Choices:
    """What tasks can be narrowed to: what one of them has, in alphabetical order."""

    labels: Sequence[str]
    owners: Sequence[str]
    workflows: Sequence[str]


@dataclass(frozen=True, slots=True)
class Board:
    """The columns of a board, how many tasks fit what was asked for, and what else can be asked for."""

    columns: Sequence[Column]
    total: int
    choices: Choices


async def look_at_board(app: App, who: Principal, wanted: TasksWanted) -> Board:
    """Return the board of the spaces that somebody sees, or of one of them. `wanted.states` does not count: the columns
    tell them apart, and what is cancelled is on none.

    Raises:
        NotAllowed: tasks are not for them at all.
    """
    spaces = seen_spaces(who, "task.read", None if wanted.space is None else (wanted.space,))
    kept = await app.records.find(TASKS, Wanted(spaces=spaces))
    every = {one.value.key: one.value for one in kept}
    positions = {one.value.key: one.position for one in kept}
    found = [one.value for one in kept if fits(one.value, one.position, wanted)]
    done = sorted((one for one in found if one.state == "done"), key=_ended, reverse=True)
    going = [one for one in found if one.state not in ENDED or one.state == "failed"]
    rows = await task_rows(app, {task.space for task in every.values()})
    now = app.ports.clock.now()
    views = views_of([*going, *done[:_LATELY]], every, positions, rows, now)
    columns = await columns_of(app, wanted.space, every.values())
    placed: dict[str, list[TaskView]] = {}
    for view in views:
        placed.setdefault(column_of(view.task, view.row, columns), []).append(view)
    shown = [
        Column(
            one.id, one.title, one.who, tuple(theirs), len(done) if one.id == DONE else len(theirs)
        )
        for one in columns
        for theirs in (placed.get(one.id, []),)
    ]
    return Board(shown, len(found), _choices(every.values()))


async def choices_among(app: App, who: Principal, space: str | None) -> Choices:
    """Return what the tasks of the spaces that somebody sees, or of one of them, can be narrowed to."""
    spaces = seen_spaces(who, "task.read", None if space is None else (space,))
    kept = await app.records.find(TASKS, Wanted(spaces=spaces))
    return _choices([one.value for one in kept])


def _choices(tasks: Collection[TaskRecord]) -> Choices:
    labels = {label for task in tasks for label in task.labels}
    owners = {task.owner for task in tasks if task.owner is not None}
    return Choices(sorted(labels), sorted(owners), sorted({task.workflow for task in tasks}))


async def columns_of(app: App, space: str | None, tasks: Iterable[TaskRecord]) -> list[Column]:
    """Return the empty columns of a board: the steps of a space's own workflow, and after them those of others that
    unfinished tasks of it go through.
    """
    between = [Column(name, title) for name, title in _PHASES]
    if space is not None:
        kept = await app.records.get(SPACES, space)
        first = kept.value.workflow if kept is not None else None
        used = [
            task.workflow for task in tasks if task.state not in ENDED or task.state == "failed"
        ]
        flows = await every_live_workflow(app)
        wanted = list(dict.fromkeys([first, *used] if first else used))
        steps = _steps([_named(flows, name) for name in wanted])
        between = [Column(one.id, one.title, _owner(one)) for one in steps] or between
    return [Column(BACKLOG, "Backlog"), *between, Column(DONE, "Done")]


def column_of(task: TaskRecord, row: RunRow | None, columns: Sequence[Column]) -> str:
    """Return the id of the column that a task stands in; empty: in none."""
    ids = {column.id for column in columns}
    if task.state in ("done", "cancelled"):
        return DONE if task.state == "done" else ""
    if task.state in ("open", "queued"):
        return BACKLOG
    if "failed" in ids and "working" in ids:
        if task.state == "failed":
            return "failed"
        return "waiting" if row is not None and row.status == "waiting" else "working"
    step = row.step if row is not None else None
    if step is not None and step in ids:
        return step
    return BACKLOG if task.state == "failed" or len(columns) < 3 else columns[1].id


async def move_task(app: App, who: Principal, key: str, column: str) -> str:
    """Move a task as far as somebody may decide that: into its workflow, which starts it, or out of it, which ends its
    run. Return what was done.

    Raises:
        UnknownThing: no such task, or none that they see.
        ConfigurationInvalid: the workflow moves it, not people; says what they can do instead.
    """
    task = (await require_task(app, who, "task.manage", key)).value
    row = await app.ports.store.row(task.run_id) if task.run_id is not None else None
    columns = await columns_of(app, task.space, [task])
    here = column_of(task, row, columns)
    against = move_problem(task, here, column, columns)
    if against:
        raise ConfigurationInvalid(against)
    if column == here:
        return f"{key} is there already"
    if column == BACKLOG:
        await cancel_task(app, who, key, "moved back to the backlog")
        return f"{key} is cancelled: start it again whenever it is time"
    await queue_task(app, who, key)
    return f"{key} is started: it begins when there is room for it"


def move_problem(task: TaskRecord, here: str, to: str, columns: Sequence[Column]) -> str:
    """Return why a task cannot be moved to a column; empty where it can."""
    titles = {column.id: column.title for column in columns}
    if to not in titles and to not in dict(_PHASES):
        return f"there is no column {to!r} on this board"
    if to == here:
        return ""
    first = columns[1].id if len(columns) > 2 else ""
    if to == DONE:
        return f"only its workflow finishes {task.key}: give the sign-offs that it waits for"
    if task.state == "done":
        return f"{task.key} is done; write down a new task for what is left"
    if to == BACKLOG:
        return "" if task.state in ("queued", "under_way") else f"{task.key} is not under way"
    if task.state == "queued":
        return f"{task.key} is started and begins by itself"
    if task.state != "under_way":
        begins = to in (first, "working")
        title = titles.get(first, "its first step")
        return "" if begins else f"{task.key} begins at “{title}”: move it there"
    return (
        f"{task.key} goes to “{titles.get(to, to)}” when its workflow says so: its steps are passed with evidence, "
        "and sign-offs are given in its thread"
    )


def _ended(task: TaskRecord) -> float:
    return task.ended_at.timestamp() if task.ended_at is not None else 0.0


def _named(flows: Sequence[Flow], name: str) -> WorkflowDefinition | None:
    return next((one.definition for one in flows if one.definition.id == name), None)


def _steps(workflows: Iterable[WorkflowDefinition | None]) -> list[Step]:
    found: dict[str, Step] = {}
    for workflow in workflows:
        for step in workflow.steps if workflow is not None else ():
            found.setdefault(step.id, step)
    return list(found.values())


def _owner(step: Step) -> str:
    if isinstance(step, AgentStep):
        return step.agent or f"anybody with {', '.join(step.skills)}"
    rule = step.approvers
    named = () if rule is None else rule.roles or rule.people
    return ", ".join(named) or "people"
