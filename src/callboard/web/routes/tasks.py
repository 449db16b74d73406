"""Tasks: the board, the list, a new one, and moving one."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final, cast

from fastapi import APIRouter
from pydantic import ValidationError
from starlette.responses import JSONResponse, Response

from callboard.domain.errors import CallboardError, ConfigurationInvalid
from callboard.domain.org.principal import in_space
from callboard.domain.org.space import Space
from callboard.domain.org.task import TaskRecord
from callboard.domain.workflow import ContextItem, Priority
from callboard.engine.authority import may
from callboard.entrance.names import Key
from callboard.usecases.board import list_tasks
from callboard.usecases.board_columns import (
    Choices,
    Column,
    choices_among,
    column_of,
    columns_of,
    look_at_board,
    move_problem,
    move_task,
)
from callboard.usecases.people import list_people
from callboard.usecases.queueing import queue_task
from callboard.usecases.tasks import NewTask, create_task, require_task
from callboard.usecases.workflows import list_workflows
from callboard.web.faults import said_of
from callboard.web.form_routes import FormRoute
from callboard.web.forms import Fields, Typed
from callboard.web.live.boards import board_position
from callboard.web.page import Page
from callboard.web.task_list_pages import BoardPage, Filters, TasksPage
from callboard.web.task_templates import PRIORITIES, dollars_in
from callboard.web.visit import At, Visit, visible_spaces

router = APIRouter(route_class=FormRoute)
_AT_ONCE: Final = 50
_LABELS: Final = {
    "title": "What is to be achieved",
    "brief": "What whoever does it should know",
    "criteria": "It is done when",
    "context": "To be read first",
    "depends_on": "Waits for",
}
_NEW: Final = (
    "title", "brief", "criteria", "context", "labels", "priority", "owner", "budget", "depends_on", "workflow",
    "repository", "space",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class NewTaskPage(Page):
    """A task that is not there yet."""

    template = "task_new.html"
    section = "tasks"
    spaces: Sequence[Space]
    people: Sequence[tuple[str, str]]
    workflows: Sequence[tuple[str, str]]
    typed: Typed = field(default_factory=Typed)
    wrong: str = ""

    @property
    def title(self) -> str:
        """The heading."""
        return "New task"

    @property
    def choices(self) -> list[tuple[str, str]]:
        """The spaces in which they may write tasks down."""
        return [(one.id, f"{one.name} ({one.prefix})") for one in self.spaces]

    @property
    def priorities(self) -> list[tuple[str, str]]:
        """All priorities, as choices."""
        return [(one, one.capitalize()) for one in PRIORITIES]


@dataclass(frozen=True, slots=True)
class MovePage(Page):
    """Where a task may be moved: columns, each with why it may not stand there, or nothing."""

    template = "task_move.html"
    section = "tasks"
    task: TaskRecord
    here: str
    options: Sequence[tuple[Column, str]]
    wrong: str = ""

    @property
    def title(self) -> str:
        """The heading."""
        return f"Move {self.task.key}"


@router.get("/tasks")
async def tasks(at: At) -> Response:
    """Show tasks: the board, or a list."""
    filters, space = Filters.of(at), await at.space()
    if at.query("view") == "list":
        return await at.show(await _list(at, filters, space))
    board_filters = replace(filters, state="")
    seq = await board_position(at.app)
    board = await look_at_board(at.app, at.who, board_filters.wanted(space))
    titles = await _titles(at, board.choices)
    page = BoardPage(board_filters, board.choices, titles, board.columns, board.total, space, seq)
    if at.query("part") == "board":
        return await at.part("board.html", page)
    return await at.show(page)


async def _list(at: Visit, filters: Filters, space: str) -> TasksPage:
    text = at.query("before")
    before = int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None
    wanted = replace(filters.wanted(space), before=before, limit=_AT_ONCE + 1)
    found = await list_tasks(at.app, at.who, wanted)
    shown = found[:_AT_ONCE]
    more = len(found) > _AT_ONCE
    older = filters.query(view="list", before=str(shown[-1].position)) if more else ""
    href = f"/tasks?{older}" if older else ""
    choices = await choices_among(at.app, at.who, space or None)
    return TasksPage(filters, choices, await _titles(at, choices), shown, href)


async def _titles(at: Visit, choices: Choices) -> dict[str, str]:
    """Return what workflows are called, where there is more than one to choose from."""
    return await _workflow_titles(at) if len(choices.workflows) > 1 else {}


async def _workflow_titles(at: Visit) -> dict[str, str]:
    """Return the titles of the workflows that they may look at, by their ids."""
    flows = await list_workflows(at.app, at.who) if may(at.who, "workflow.read") else []
    return {one.definition.id: one.definition.title for one in flows}


@router.get("/new/task")
async def new_task(at: At) -> Response:
    """Ask what is to be done."""
    names = ("title", "space", "labels", "priority", "depends_on", "owner")
    typed = Typed({name: at.query(name) for name in names})
    typed["space"] = typed["space"] or await at.space()
    return await at.show(await _new_page(at, typed))


@router.post("/tasks")
async def created(at: At) -> Response:
    """Write a task down, and start it where that is wanted."""
    fields = at.fields
    try:
        task = await create_task(at.app, at.who, fields.text("space"), wish_in(fields))
    except CallboardError as error:
        page = await _new_page(at, fields.kept(*_NEW), said_of(error, **_LABELS))
        return await at.show(page, 422)
    if fields.text("then") != "start":
        return at.go(f"/tasks/{task.key}", f"{task.key} is written down. Nobody works on it yet.")
    try:
        await queue_task(at.app, at.who, task.key)
    except CallboardError as error:
        return at.go(f"/tasks/{task.key}", f"{task.key} is written down, but not started: {error}")
    at.running.wake()
    return at.go(f"/tasks/{task.key}", f"{task.key} is started: it begins when there is room.")


def wish_in(fields: Fields) -> NewTask:
    """Return the task that a form asks for.

    Raises:
        ConfigurationInvalid: a field does not fit; names it.
    """
    return NewTask(
        fields.text("title"),
        brief=fields.raw("brief").strip(),
        criteria=fields.lines("criteria"),
        context=tuple(_context(line) for line in fields.lines("context")),
        labels=tuple(dict.fromkeys(fields.text("labels").lower().replace(",", " ").split())),
        priority=cast("Priority", fields.text("priority") or "normal"),
        depends_on=tuple(fields.text("depends_on").upper().replace(",", " ").split()),
        owner=fields.some("owner"),
        budget_usd=dollars_in(fields.text("budget")),
        workflow=fields.some("workflow"),
        repository=fields.some("repository"),
    )


def _context(line: str) -> ContextItem:
    kind = "link" if line.startswith(("http://", "https://")) else "file"
    try:
        return ContextItem(kind=kind, value=line)
    except ValidationError:
        raise ConfigurationInvalid("a line of what to read first is too long") from None


async def _new_page(at: Visit, typed: Typed, wrong: str = "") -> NewTaskPage:
    spaces = [
        one
        for one in await visible_spaces(at.app, at.who)
        if may(at.who, "task.manage", in_space(one.id))
    ]
    found = await list_people(at.app, at.who) if may(at.who, "org.read") else []
    people = [(f"person:{one.id}", one.name) for one in found if one.active]
    named = [(flow, f"{title} ({flow})") for flow, title in (await _workflow_titles(at)).items()]
    return NewTaskPage(spaces, people, named, typed, wrong)


@router.get("/tasks/{key}/move")
async def where(at: At, key: Key) -> Response:
    """Ask where a task is to be moved."""
    return await at.show(await _move_page(at, key))


@router.post("/tasks/{key}/move")
async def moved(at: At, key: Key) -> Response:
    """Move a task, or say why it stays where it is."""
    for_script = at.query("part") == "move"
    try:
        done = await move_task(at.app, at.who, key, at.fields.text("to"))
    except CallboardError as error:
        if for_script:
            return JSONResponse({"refused": said_of(error)})
        return await at.show(await _move_page(at, key, said_of(error)), 422)
    at.running.wake()
    if for_script:
        return JSONResponse({"refused": "", "done": done})
    return at.go("/tasks", f"{done}.")


async def _move_page(at: Visit, key: str, wrong: str = "") -> MovePage:
    task = (await require_task(at.app, at.who, "task.read", key)).value
    row = await at.app.ports.store.row(task.run_id) if task.run_id is not None else None
    columns = await columns_of(at.app, task.space, [task])
    here = column_of(task, row, columns)
    options = [(one, move_problem(task, here, one.id, columns)) for one in columns]
    return MovePage(task, here, options, wrong)
