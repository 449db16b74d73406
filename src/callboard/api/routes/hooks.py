"""Tasks that come by signed messages from outside."""

from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from callboard.api.cursors import Page, Wanted
from callboard.api.shapes import Asked
from callboard.domain.org.hook import HookCondition, HookRecord
from callboard.domain.org.template import TaskTemplate
from callboard.entrance.asking import TheApp, Who
from callboard.usecases.hook_messages import receive_hook
from callboard.usecases.hooks import NewHook, add_hook, list_hooks, remove_hook

router = APIRouter(tags=["hooks"])
open_router = APIRouter(tags=["hooks"])
HookName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,47}$")]


class HookAsked(Asked):
    """Where messages are to become tasks, and which."""

    id: HookName
    space: Annotated[str, Field(max_length=64)]
    template: TaskTemplate
    when: Annotated[tuple[HookCondition, ...], Field(max_length=20)] = ()


class HookView(BaseModel):
    """A hook, and where messages are sent to. `secret` is told once, when the hook is new."""

    hook: HookRecord
    path: str
    secret: str | None = None


@router.get("/hooks")
async def list_(app: TheApp, who: Who, wanted: Wanted) -> Page[HookView]:
    """List hooks of the spaces that one sees; never a secret."""
    found = sorted(await list_hooks(app, who), key=lambda one: one.id)
    cut, cursor = wanted.of_all(found, lambda one: (one.id,))
    return Page(items=[HookView(hook=one, path=_path(one)) for one in cut], next_cursor=cursor)


@router.post("/hooks", status_code=201)
async def add(app: TheApp, who: Who, body: HookAsked) -> HookView:
    """Add a hook. This answer alone holds the secret that its messages are signed with."""
    made = await add_hook(app, who, body.space, NewHook(body.id, body.template, body.when))
    secret = made.secret.get_secret_value()
    return HookView(hook=made.hook, path=_path(made.hook), secret=secret)


@router.delete("/hooks/{hook_id}", status_code=204)
async def remove(app: TheApp, who: Who, hook_id: HookName) -> None:
    """Take a hook away."""
    await remove_hook(app, who, hook_id)


@open_router.post("/hooks/{hook_id}")
async def receive(app: TheApp, request: Request, hook_id: str) -> JSONResponse:
    """Take a message. Whoever signs it with the hook's secret needs no token."""
    found = await receive_hook(app, hook_id, request.headers, await request.body())
    answer: dict[str, Any] = {"answer": found.answer, "reason": found.reason, "task": found.task}
    return JSONResponse(answer, status_code=201 if found.answer == "created" else 200)


def _path(hook: HookRecord) -> str:
    return f"/hooks/{hook.id}"
