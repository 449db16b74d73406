"""The thread of a task: its latest run, or one of the runs before, and what people do about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import APIRouter, Path
from starlette.responses import Response

from callboard.domain.errors import CallboardError, UnknownThing
from callboard.domain.org.principal import in_space
from callboard.domain.org.task import Comment, TaskState
from callboard.engine.authority import may
from callboard.entrance.names import Key
from callboard.usecases.board import TaskView, show_task
from callboard.usecases.queueing import cancel_task, queue_task
from callboard.usecases.tasks import comment_on, list_comments
from callboard.web.decision_form import decided
from callboard.web.faults import said_of
from callboard.web.form_routes import FormRoute
from callboard.web.page import Page
from callboard.web.thread_page import PARTS
from callboard.web.thread_visit import thread_page
from callboard.web.visit import At, Visit

router = APIRouter(route_class=FormRoute)
_STATES: Final[dict[TaskState, tuple[str, str]]] = {
    "open": ("queued", "Not started"),
    "queued": ("queued", "Queued"),
    "under_way": ("working", "Beginning"),
    "done": ("done", "Done"),
    "failed": ("failed", "Failed"),
    "cancelled": ("cancelled", "Cancelled"),
}
Number = Annotated[int, Path(ge=1, le=10_000)]


@dataclass(frozen=True, slots=True)
class TaskPage(Page):
    """A task that has no run yet: what is to be done, and how it stands."""

    template = "task_ahead.html"
    section = "tasks"
    view: TaskView
    comments: Sequence[Comment]
    can_manage: bool
    can_comment: bool
    wrong: str = ""
    text: str = ""

    @property
    def title(self) -> str:
        """The heading."""
        return self.view.task.title

    @property
    def state(self) -> tuple[str, str]:
        """The state word's class and the word."""
        return _STATES[self.view.task.state]

    @property
    def stand(self) -> str:
        """How the task stands, as its topic says it."""
        return f"{self.view.task.state} "

    @property
    def can_start(self) -> bool:
        """Whether it waits for somebody to start it."""
        return self.can_manage and self.view.task.state in ("open", "failed", "cancelled")

    @property
    def can_cancel(self) -> bool:
        """Whether there is anything to end."""
        return self.can_manage and self.view.task.state in ("open", "queued")


@router.get("/tasks/{key}")
async def task(at: At, key: Key) -> Response:
    """Show a task: the thread of its latest run."""
    return await _shown(at, key, None)


@router.get("/tasks/{key}/runs/{number}")
async def task_run(at: At, key: Key, number: Number) -> Response:
    """Show one of a task's runs."""
    return await _shown(at, key, number)


async def _shown(
    at: Visit, key: str, number: int | None, wrong: str = "", status: int = 200
) -> Response:
    view = await show_task(at.app, at.who, key)
    runs = view.task.runs
    if number is not None and number > len(runs):
        raise UnknownThing(f"{key} has no run {number}")
    run_id = runs[number - 1] if number is not None else view.task.run_id
    if run_id is None or await at.app.ports.store.row(run_id) is None:
        return await at.show(await _ahead(at, view, wrong), status)
    base = f"/tasks/{key}" if number is None else f"/tasks/{key}/runs/{number}"
    typed = at.fields.kept("text", "note", "limit") if wrong else None
    page = await thread_page(at, run_id, base, task=view.task, wrong=wrong, typed=typed)
    if at.query("part") in PARTS:
        return await at.part(PARTS[at.query("part")], page)
    return await at.show(page, status)


async def _ahead(at: Visit, view: TaskView, wrong: str) -> TaskPage:
    place = in_space(view.task.space)
    comments = await list_comments(at.app, at.who, view.task.key)
    manages, comments_too = (may(at.who, one, place) for one in ("task.manage", "task.comment"))
    text = at.fields.raw("text") if wrong else ""
    return TaskPage(view, comments, manages, comments_too, wrong, text)


@router.post("/tasks/{key}/start")
async def start(at: At, key: Key) -> Response:
    """Start a task, or a failed or cancelled one again."""
    try:
        await queue_task(at.app, at.who, key)
    except CallboardError as error:
        return await _shown(at, key, None, said_of(error), 422)
    at.running.wake()
    return at.go(f"/tasks/{key}", f"{key} is started: it begins when there is room for it.")


@router.post("/tasks/{key}/cancel")
async def cancel(at: At, key: Key) -> Response:
    """End a task and its run."""
    try:
        await cancel_task(at.app, at.who, key, at.fields.text("reason")[:2000])
    except CallboardError as error:
        return await _shown(at, key, None, said_of(error), 422)
    return at.go(f"/tasks/{key}", f"{key} is cancelled.")


@router.post("/tasks/{key}/say")
async def say(at: At, key: Key) -> Response:
    """Comment on a task: those at work read it."""
    try:
        await comment_on(at.app, at.who, key, at.fields.text("text"))
    except CallboardError as error:
        return await _shown(at, key, None, said_of(error), 422)
    return at.go(f"/tasks/{key}", "Said.")


@router.post("/tasks/{key}/decide")
async def decide(at: At, key: Key) -> Response:
    """Decide what the task waits for."""
    view = await show_task(at.app, at.who, key)
    run_id = view.task.run_id
    if run_id is None:
        raise UnknownThing(f"{key} waits for no decision")
    wrong = await decided(at, run_id)
    if wrong:
        return await _shown(at, key, None, wrong, 422)
    return at.go(f"/tasks/{key}", "Your decision is recorded.")


@router.post("/tasks/{key}/runs/{number}/{action}")
async def of_run(at: At, key: Key, number: Number, action: str) -> Response:
    """Do the same from the page of one run: it is the task that is meant."""
    del number
    acts = {"decide": decide, "say": say, "cancel": cancel}
    if action not in acts:
        raise UnknownThing(f"{action} is nothing that can be done")
    return await acts[action](at, key)
