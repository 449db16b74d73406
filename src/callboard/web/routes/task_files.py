"""Files given with a task: its agents read them before they begin."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import Response

from callboard.domain.errors import CallboardError, ConfigurationInvalid
from callboard.domain.org.attachment import Attachment
from callboard.domain.org.task import TaskRecord
from callboard.entrance.downloads import as_download
from callboard.entrance.names import Key
from callboard.usecases.attachments import attach, detach, find_attachment, list_attachments
from callboard.usecases.tasks import require_task
from callboard.web.faults import said_of
from callboard.web.form_routes import FormRoute
from callboard.web.page import Page
from callboard.web.visit import At, Visit

router = APIRouter(route_class=FormRoute)
Number = Annotated[int, Path(ge=1, le=9999)]


@dataclass(frozen=True, slots=True)
class TaskFilesPage(Page):
    """The files of a task."""

    template = "task_files.html"
    section = "tasks"
    task: TaskRecord
    files: Sequence[Attachment]
    wrong: str = ""

    @property
    def title(self) -> str:
        """The heading."""
        return "Files"


@router.get("/tasks/{key}/attachments")
async def files(at: At, key: Key) -> Response:
    """Show what was given with a task."""
    return await at.show(await _page(at, key))


@router.post("/tasks/{key}/attachments")
async def given(at: At, key: Key) -> Response:
    """Take the files that somebody chose. Those before the first that does not fit are kept."""
    chosen = at.fields.files.get("file", ())
    try:
        if not chosen:
            raise ConfigurationInvalid("choose a file first")
        for one in chosen:
            await attach(at.app, at.who, key, one.name, one.content)
    except CallboardError as error:
        return await at.show(await _page(at, key, said_of(error)), 422)
    said = f"{len(chosen)} files are" if len(chosen) > 1 else f"{chosen[0].name} is"
    return at.go(f"/tasks/{key}/attachments", f"{said} given with {key}.")


@router.get("/tasks/{key}/attachments/{number}")
async def content(at: At, key: Key, number: Number) -> Response:
    """Send a file, to be kept and not to be shown."""
    return as_download(await find_attachment(at.app, at.who, key, number))


@router.post("/tasks/{key}/attachments/{number}/remove")
async def removed(at: At, key: Key, number: Number) -> Response:
    """Take a file away."""
    await detach(at.app, at.who, key, number)
    return at.go(
        f"/tasks/{key}/attachments", "The file is taken away. Runs that began with it keep it."
    )


async def _page(at: Visit, key: str, wrong: str = "") -> TaskFilesPage:
    kept = await require_task(at.app, at.who, "task.read", key)
    return TaskFilesPage(kept.value, await list_attachments(at.app, at.who, key), wrong)
