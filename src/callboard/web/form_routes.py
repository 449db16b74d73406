"""Routes that take forms: from our own pages only, done once, and nothing typed is lost."""

import hashlib
import json
from collections.abc import Callable, Coroutine
from typing import Any, Final, cast

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from callboard.domain.errors import CallboardError
from callboard.entrance.asking import Asker
from callboard.entrance.door import MOST_BYTES_OF_FILES
from callboard.usecases.repeats import Request as Repeatable
from callboard.usecases.repeats import answered, begin_once, refused
from callboard.web.door_pages import Kept, Refused, SignIn
from callboard.web.forms import (
    MARK,
    MOST_FIELDS,
    ONCE,
    Fields,
    FormUnreadable,
    SentFile,
    is_token,
    read_fields,
)
from callboard.web.glance import Glances
from callboard.web.visit import Anybody, Visit

Handler = Callable[[Request], Coroutine[Any, Any, Response]]
_SECRET: Final = ("password", "secret")
_MOST_KEPT: Final = 200_000
_MOST_FILES: Final = 20
_WITH_FILES: Final = "multipart/form-data"


class FormRoute(APIRoute):
    """A route whose POST takes a form of somebody who is signed in."""

    def get_route_handler(self) -> Handler:
        """Wrap the handler."""
        inner = super().get_route_handler()
        if "POST" not in (self.methods or ()):
            return inner

        async def handler(request: Request) -> Response:
            fields = await _read(request)
            asker = cast("Asker | None", getattr(request.state, "asker", None))
            if asker is None:
                return await _sign_in_first(Anybody(request))
            at = Visit(request, asker)
            if not is_token(at.binding, fields.text(MARK)):
                return await at.show(kept_form(request.url.path, fields), 403)
            cast("Glances", request.app.state.glances).forget(asker)
            return await _once(at, inner)

        return handler


class OpenFormRoute(APIRoute):
    """A route whose POST takes a form of somebody who is not signed in yet."""

    def get_route_handler(self) -> Handler:
        """Wrap the handler."""
        inner = super().get_route_handler()
        if "POST" not in (self.methods or ()):
            return inner

        async def handler(request: Request) -> Response:
            fields = await _read(request)
            at = Anybody(request)
            if not is_token(at.binding, fields.text(MARK)):
                detail = (
                    "The form is from an earlier visit, or this browser keeps no cookies. Open the page again,"
                    " and send it from there."
                )
                return await at.show(Refused("Please try again", detail, 403), 403)
            return await inner(request)

        return handler


def kept_form(path: str, fields: Fields) -> Kept:
    """Return a form as it was typed, to be sent again; secrets are not repeated."""
    typed = [(name, value) for name, value in fields.typed if not name.startswith(_SECRET)]
    left_out = sorted({name for name, _ in fields.typed if name.startswith(_SECRET)})
    return Kept(path, typed, left_out)


async def _read(request: Request) -> Fields:
    body, media = await request.body(), request.headers.get("content-type", "")
    if media.partition(";")[0].strip().lower() == _WITH_FILES:
        fields = await _with_files(request)
    else:
        fields = read_fields(body, media)
    request.state.fields = fields
    return fields


async def _with_files(request: Request) -> Fields:
    """Return the fields and files of a form that may hold files."""
    try:
        form = await request.form(
            max_files=_MOST_FILES, max_fields=MOST_FIELDS, max_part_size=MOST_BYTES_OF_FILES
        )
    except HTTPException as error:
        raise FormUnreadable(
            f"this form cannot be read ({error.detail}); nothing was done"
        ) from None
    values: dict[str, list[str]] = {}
    files: dict[str, list[SentFile]] = {}
    for name, value in form.multi_items():
        if isinstance(value, str):
            values.setdefault(name, []).append(value)
        elif value.filename:
            name_there = value.filename.replace("%22", '"')  # the one sign that browsers write so
            sent = SentFile(name_there, await value.read())
            files.setdefault(name, []).append(sent)
    await form.close()
    return Fields(values, files)


async def _sign_in_first(at: Anybody) -> Response:
    """Keep what was typed beside the question who typed it."""
    kept = kept_form(at.request.url.path, at.fields)
    text = json.dumps(kept.typed)
    held = {"kept_path": kept.path, "kept_fields": text} if len(text) <= _MOST_KEPT else None
    openid = at.request.app.state.openid is not None
    wrong = "You were signed out meanwhile. What you typed is kept, and can be sent after this."
    return await at.show(SignIn("/", wrong=wrong, openid=openid, kept=held), 401)


async def _once(at: Visit, inner: Handler) -> Response:
    """Do what a form asks for once, however often it is sent. Sent with something else in it, it is another one:
    somebody went back and wrote something new.
    """
    key = at.fields.text(ONCE)
    if not 8 <= len(key) <= 64:
        return await inner(at.request)
    chosen = [
        [name, one.name, one.digest] for name, sent in at.fields.files.items() for one in sent
    ]
    content = json.dumps([at.request.url.path, at.fields.typed, chosen]).encode()
    once = Repeatable(
        at.asker.account, f"form {key} {hashlib.sha256(content).hexdigest()}", content
    )
    before = await begin_once(at.app, once)
    if before is not None:
        if before.body is None:
            detail = "It was done when you sent it first, and what it showed is shown once."
            return await at.show(Refused("This was done already", detail, 409), 409)
        return RedirectResponse(before.body, 303)
    try:
        response = await inner(at.request)
    except (CallboardError, RequestValidationError, HTTPException):
        await refused(at.app, once)
        raise
    if response.status_code >= 400:
        await refused(at.app, once)
    else:
        place = response.headers.get("location")
        await answered(at.app, once, response.status_code, "text/html", place)
    return response
