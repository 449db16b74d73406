"""What a refusal looks like: one place that maps errors to a status and a problem document (RFC 9457).

Of what goes wrong inside, nothing but a stable code leaves.
"""

import logging
from collections.abc import Mapping, Sequence
from typing import Any, Final

from pydantic import BaseModel
from starlette.responses import JSONResponse

from callboard.domain.errors import (
    ArchiveDamaged,
    CallboardError,
    DatabaseUnusable,
    DefinitionInvalid,
    Fenced,
    LogCorrupt,
    LogError,
    ModelError,
    NotSignedIn,
    RecordConflict,
    RunArchived,
    RunBusy,
    RunExists,
    SandboxUnavailable,
    TooManyAttempts,
    UnknownThing,
    UserMistake,
    VersionTaken,
)
from callboard.usecases.app import NotAllowed
from callboard.usecases.hook_messages import HookRefused, MessageTooLarge
from callboard.usecases.recording import Stale
from callboard.usecases.repeats import OutcomeUnknown

MEDIA: Final = "application/problem+json"


class RequestRefused(UserMistake):
    """Something wrong with a request as such."""

    code = "refused"
    status = 400


class CursorRefused(RequestRefused):
    """A cursor that was not given to this caller for this list."""

    code = "cursor_refused"


class TooManyStreams(RequestRefused):
    """One caller follows too many runs at a time."""

    code = "too_many_streams"
    status = 429


class FieldProblem(BaseModel):
    """One field that does not fit."""

    field: str
    message: str


class Problem(BaseModel):
    """A refusal. `code` is stable and for programs, `detail` is for people."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    errors: list[FieldProblem] | None = None


_STATUS: Final[tuple[tuple[type[CallboardError], int], ...]] = (
    (HookRefused, 401),
    (MessageTooLarge, 413),
    (NotSignedIn, 401),
    (NotAllowed, 403),
    (RunArchived, 410),
    (UnknownThing, 404),
    (Stale, 412),
    (RecordConflict, 409),
    (OutcomeUnknown, 409),
    (VersionTaken, 409),
    (RunBusy, 409),
    (RunExists, 409),
    (Fenced, 409),
    (TooManyAttempts, 429),
    (SandboxUnavailable, 503),
    (LogCorrupt, 500),
    (ArchiveDamaged, 500),
    (LogError, 503),
    (DatabaseUnusable, 503),
    (ModelError, 502),
    (UserMistake, 422),
    (CallboardError, 500),
)
_TITLES: Final[Mapping[int, str]] = {
    400: "The request cannot be understood",
    401: "Nobody is signed in",
    403: "Not allowed",
    404: "Not found",
    405: "There is no such method here",
    406: "There is no such representation",
    408: "The request took too long",
    409: "Conflict",
    410: "Put away",
    412: "It was changed meanwhile",
    413: "The request is too large",
    421: "This host is not served here",
    422: "The request does not fit",
    429: "Too many requests",
    500: "Something went wrong here",
    502: "A model did not answer as it should",
    503: "Not available",
}
_INSIDE: Final = "the server's own log says more"
_log: Final = logging.getLogger("callboard.requests")


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    errors: Sequence[FieldProblem] = (),
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """Return a refusal."""
    title = _TITLES.get(status, "Refused")
    content: dict[str, Any] = {
        "type": f"urn:callboard:problem:{code}",
        "title": title,
        "status": status,
        "code": code,
        "detail": detail,
    }
    if errors:
        content["errors"] = [one.model_dump() for one in errors]
    named = dict(headers or {})
    if status == 401:
        named["WWW-Authenticate"] = "Bearer"
    return JSONResponse(content, status, named, media_type=MEDIA)


def of_error(error: CallboardError) -> JSONResponse:
    """Return the refusal that an error is. What is the server's own business goes into its log."""
    status = status_of(error)
    if status >= 500:
        _log.warning("answered with %d: %s", status, _readable(str(error)))
        return problem(status, error.code, _INSIDE)
    headers = {"Retry-After": str(error.wait_s)} if isinstance(error, TooManyAttempts) else None
    fields: list[FieldProblem] = []
    if isinstance(error, DefinitionInvalid):
        fields = [FieldProblem(field=one.field, message=one.message) for one in error.problems]
    return problem(status, error.code, _readable(str(error)), errors=fields, headers=headers)


def status_of(error: CallboardError) -> int:
    """Return the status that an error is answered with."""
    if isinstance(error, RequestRefused):
        return error.status
    return status_of_kind(type(error))


def status_of_kind(kind: type[CallboardError]) -> int:
    """Return the status that errors of a kind are answered with."""
    return next(status for one, status in _STATUS if one in kind.__mro__)


def of_fields(found: Sequence[Mapping[str, Any]]) -> JSONResponse:
    """Return what is wrong with a request, field by field; what was sent is not repeated: it may be a secret."""
    errors = [
        FieldProblem(
            field=_readable(".".join(str(part) for part in one["loc"])),
            message=_readable(str(one["msg"]).removeprefix("Value error, ")),
        )
        for one in found[:50]
    ]
    return problem(422, "invalid_request", "the request does not fit; see `errors`", errors=errors)


def inside() -> JSONResponse:
    """Return the refusal for what nobody expected."""
    return problem(500, "internal", _INSIDE)


def _readable(text: str) -> str:
    """Return text that JSON in UTF-8 can hold, not longer than anybody reads."""
    return text.encode(errors="replace").decode()[:4000]


DOCUMENTED: Final[dict[int | str, dict[str, Any]]] = {
    status: {"model": Problem, "description": _TITLES[status], "content": {MEDIA: {}}}
    for status in (400, 401, 403, 404, 409, 410, 412, 413, 422, 429)
}
