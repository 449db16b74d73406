"""Tasks: written down, started, talked about, ended."""

from decimal import Decimal
from typing import Annotated, cast

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import Base64Bytes, Field

from callboard.api.cursors import Page, Wanted
from callboard.api.once import OnceRoute
from callboard.api.shapes import Asked, RunView, Short, Text
from callboard.api.task_shapes import AttachmentView, TaskView
from callboard.domain.org.principal import Principal
from callboard.domain.org.task import Comment, TaskState
from callboard.domain.workflow import ContextItem, Priority
from callboard.entrance.asking import TheApp, Who
from callboard.entrance.downloads import as_download
from callboard.entrance.names import Key
from callboard.entrance.running import Running
from callboard.usecases.app import App
from callboard.usecases.attachments import (
    attach,
    detach,
    find_attachment,
    list_attachments,
)
from callboard.usecases.board import TasksWanted, list_tasks, show_task, task_runs
from callboard.usecases.queueing import cancel_task, queue_task
from callboard.usecases.tasks import (
    NewTask,
    change_task,
    comment_on,
    create_task,
    link_tasks,
    list_comments,
)

router = APIRouter(route_class=OnceRoute, tags=["tasks"])
Words = Annotated[tuple[Short, ...], Field(max_length=50)]
Keys = Annotated[tuple[Key, ...], Field(max_length=100)]
Number = Annotated[int, Path(ge=1, le=9999)]
Budget = Annotated[Decimal, Field(gt=0, le=1_000_000, decimal_places=9)]


class TaskAsked(Asked):
    """What is to be done. Without `workflow` and `repository` those of the space hold."""

    title: Annotated[str, Field(min_length=1, max_length=300)]
    brief: Text = ""
    criteria: Words = ()
    context: Annotated[tuple[ContextItem, ...], Field(max_length=50)] = ()
    labels: Words = ()
    priority: Priority = "normal"
    parent: Key | None = None
    depends_on: Keys = ()
    owner: Short | None = None
    budget_usd: Budget | None = None
    workflow: Short | None = None
    repository: Annotated[str, Field(max_length=4000)] | None = None


class TaskChange(Asked):
    """What is to change; what is left out stays."""

    title: Annotated[str, Field(min_length=1, max_length=300)] | None = None
    brief: Text | None = None
    criteria: Words | None = None
    context: Annotated[tuple[ContextItem, ...], Field(max_length=50)] | None = None
    labels: Words | None = None
    priority: Priority | None = None
    owner: Short | None = None
    budget_usd: Budget | None = None


class NeedsAsked(Asked):
    """The tasks that must be done before."""

    depends_on: Keys


class CommentAsked(Asked):
    """What somebody says about a task."""

    text: Annotated[str, Field(min_length=1, max_length=100_000)]


class EndAsked(Asked):
    """Why a task is ended."""

    reason: Short = ""


class AttachmentAsked(Asked):
    """A file to be given with a task: its name, and its content in base64."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    data: Annotated[Base64Bytes, Field(max_length=5_600_000)]


@router.post("/spaces/{space_id}/tasks", status_code=201)
async def create(app: TheApp, who: Who, space_id: str, body: TaskAsked) -> TaskView:
    """Write a task down, under the next key of its space."""
    task = await create_task(app, who, space_id, NewTask(**dict(body)))
    return await _seen(app, who, task.key)


@router.get("/tasks")
async def list_(
    app: TheApp,
    who: Who,
    wanted: Wanted,
    *,
    space: Annotated[str | None, Query(max_length=64)] = None,
    state: Annotated[list[TaskState] | None, Query()] = None,
    label: Annotated[list[str] | None, Query(max_length=30)] = None,
    owner: Annotated[str | None, Query(max_length=100)] = None,
    parent: Annotated[str | None, Query(max_length=30)] = None,
    priority: Annotated[list[Priority] | None, Query()] = None,
    workflow: Annotated[str | None, Query(max_length=64)] = None,
    text: Annotated[str, Query(max_length=300)] = "",
) -> Page[TaskView]:
    """List tasks of the spaces that one sees, the newest first."""
    before = int(wanted.after[0]) if wanted.after else None
    asked = TasksWanted(
        space=space,
        states=tuple(state or ()),
        labels=tuple(label or ()),
        owner=owner,
        parent=parent,
        priorities=tuple(priority or ()),
        workflow=workflow,
        text=text,
        before=before,
        limit=wanted.limit + 1,
    )
    found = await list_tasks(app, who, asked)
    cut, cursor = wanted.page(found, lambda one: (str(one.position),))
    return Page(items=[TaskView.of_seen(one) for one in cut], next_cursor=cursor)


@router.get("/tasks/{key}")
async def show(app: TheApp, who: Who, key: Key) -> TaskView:
    """Show how a task stands."""
    return await _seen(app, who, key)


@router.patch("/tasks/{key}")
async def change(app: TheApp, who: Who, key: Key, body: TaskChange) -> TaskView:
    """Change what a task says. A run of it keeps what it began with."""
    await change_task(app, who, key, **body.model_dump(exclude_unset=True))
    return await _seen(app, who, key)


@router.put("/tasks/{key}/needs")
async def needs(app: TheApp, who: Who, key: Key, body: NeedsAsked) -> TaskView:
    """Say which tasks must be done before this one begins."""
    await link_tasks(app, who, key, body.depends_on)
    return await _seen(app, who, key)


@router.post("/tasks/{key}/start", status_code=202)
async def start(app: TheApp, who: Who, request: Request, key: Key) -> TaskView:
    """Start a task: it begins when what it needs is done and there is room."""
    await queue_task(app, who, key)
    cast("Running", request.app.state.running).wake()
    return await _seen(app, who, key)


@router.post("/tasks/{key}/cancel")
async def cancel(app: TheApp, who: Who, key: Key, body: EndAsked) -> TaskView:
    """End a task and its run."""
    await cancel_task(app, who, key, body.reason)
    return await _seen(app, who, key)


@router.get("/tasks/{key}/comments")
async def comments(app: TheApp, who: Who, key: Key, wanted: Wanted) -> Page[Comment]:
    """List what was said about a task, the oldest first."""
    found = await list_comments(app, who, key)
    cut, cursor = wanted.of_all(found, lambda one: (f"{one.number:09d}",))
    return Page(items=cut, next_cursor=cursor)


@router.post("/tasks/{key}/comments", status_code=201)
async def comment(app: TheApp, who: Who, key: Key, body: CommentAsked) -> Comment:
    """Say something about a task. It reaches the agents."""
    return await comment_on(app, who, key, body.text)


@router.get("/tasks/{key}/attachments")
async def attachments(app: TheApp, who: Who, key: Key, wanted: Wanted) -> Page[AttachmentView]:
    """List the files given with a task, the oldest first."""
    found = await list_attachments(app, who, key)
    cut, cursor = wanted.of_all(found, lambda one: (f"{one.number:04d}",))
    return Page(items=[AttachmentView.of(one) for one in cut], next_cursor=cursor)


@router.post("/tasks/{key}/attachments", status_code=201)
async def give_file(app: TheApp, who: Who, key: Key, body: AttachmentAsked) -> AttachmentView:
    """Give a file with a task: text, an image or a PDF document. Its agents read it before they begin."""
    return AttachmentView.of(await attach(app, who, key, body.name, body.data))


@router.get(
    "/tasks/{key}/attachments/{number}",
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": {}}}},
)
async def file_content(app: TheApp, who: Who, key: Key, number: Number) -> Response:
    """Return the content of a file. Browsers keep it as a file, whatever it is."""
    return as_download(await find_attachment(app, who, key, number))


@router.delete("/tasks/{key}/attachments/{number}", status_code=204)
async def take_file(app: TheApp, who: Who, key: Key, number: Number) -> None:
    """Take a file away. Runs that began with it keep it."""
    await detach(app, who, key, number)


@router.get("/tasks/{key}/runs")
async def runs(app: TheApp, who: Who, key: Key) -> Page[RunView]:
    """List a task's runs, the latest first."""
    return Page(items=[RunView.of(row) for row in await task_runs(app, who, key)])


async def _seen(app: App, who: Principal, key: str) -> TaskView:
    return TaskView.of_seen(await show_task(app, who, key))
