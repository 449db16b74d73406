"""What went wrong, in the words of `ModelError`: from HTTP statuses, vendors' error bodies and events."""

import base64
import json
import re
from collections.abc import Iterable, Mapping
from email.utils import parsedate_to_datetime
from urllib.parse import quote

from callboard.domain.errors import ModelError
from callboard.domain.message import JsonObject
from callboard.providers.wire.json_text import NotJson, clean, loads
from callboard.providers.wire.reading import array, obj, string

RETRYABLE = frozenset(
    {"rate_limited", "overloaded", "server", "timeout", "connection", "malformed_answer"}
)
_MAX_MESSAGE = 500
_MAX_WAIT_S = 24 * 3600.0
_CUT = "…"
_REDACTED = "[redacted]"
_TELLING = 4

_BY_STATUS = {
    401: "auth",
    402: "auth",
    403: "auth",
    404: "not_found",
    408: "timeout",
    409: "server",
    413: "context_too_long",
    425: "server",
    429: "rate_limited",
    503: "overloaded",
    504: "timeout",
    524: "timeout",
    529: "overloaded",
}

# Words that say more than the status they come with.
_DECISIVE = {
    "content_filter": "refused",
    "content_policy_violation": "refused",
    "context_length_exceeded": "context_too_long",
    "request_too_large": "context_too_long",
    "insufficient_quota": "auth",
    "billing_error": "auth",
    "overloaded_error": "overloaded",
    "rate_limit_error": "rate_limited",
}
_BY_WORD = {
    "authentication_error": "auth",
    "invalid_api_key": "auth",
    "permission_error": "auth",
    "permission_denied": "auth",
    "unauthenticated": "auth",
    "model_not_found": "not_found",
    "not_found": "not_found",
    "not_found_error": "not_found",
    "failed_precondition": "invalid_request",
    "invalid_argument": "invalid_request",
    "invalid_request_error": "invalid_request",
    "rate_limit_exceeded": "rate_limited",
    "resource_exhausted": "rate_limited",
    "too_many_requests": "rate_limited",
    "overloaded": "overloaded",
    "unavailable": "overloaded",
    "deadline_exceeded": "timeout",
    "timeout_error": "timeout",
}
_TOO_LONG = re.compile(
    r"context.(?:length|window)|maximum context|prompt is too long|input is too long"
    r"|input token count|too many (?:input )?tokens|maximum number of tokens",
    re.IGNORECASE,
)
_BAD_KEY = re.compile(r"api.key (?:not valid|is invalid|expired)", re.IGNORECASE)
_FLAGGED = re.compile(r"moderation|flagged", re.IGNORECASE)


def failure(
    reason: str,
    message: str,
    *,
    status: int | None = None,
    retry_after_s: float | None = None,
) -> ModelError:
    """Return the error for `reason`, which also decides whether trying again can help."""
    return ModelError(
        message,
        reason=reason,
        retryable=reason in RETRYABLE and status != 501,
        retry_after_s=retry_after_s,
        status=status,
    )


def http_failure(provider: str, status: int, headers: Mapping[str, str], body: bytes) -> ModelError:
    """Return the error that an HTTP answer other than 200 stands for.

    Args:
        provider: its name, for the message.
        status: the HTTP status.
        headers: looked up by lower-case name.
        body: as much of the body as was read; JSON or anything else.
    """
    if 300 <= status < 400:
        message = (
            f"{provider} answered with a redirect ({status}), which is not followed: the key must not"
            " leave for another address. Set the base URL to the final one."
        )
        return failure("invalid_request", message, status=status)
    try:
        payload = obj(loads(body))
    except NotJson:
        payload: JsonObject = {}
    said = _message_in(payload) or _plain(body)
    reason = _reason(payload, status, said)
    return failure(
        reason,
        f"{provider} answered {status}" + (f": {said}" if said else ""),
        status=status,
        retry_after_s=_retry_header(headers) or _retry_detail(payload),
    )


def event_failure(provider: str, payload: JsonObject) -> ModelError:
    """Return the error that a 200 answer's body or a streamed event reports."""
    code = obj(payload.get("error")).get("code", payload.get("code"))
    status = code if isinstance(code, int) and 400 <= code < 600 else None
    said = _message_in(payload) or "no reason given"
    return failure(
        _reason(payload, status, said),
        f"{provider} reported an error: {said}",
        status=status,
        retry_after_s=_retry_detail(payload),
    )


def redacted(error: ModelError, secrets: Iterable[str]) -> ModelError:
    """Return the same error with every secret taken out of its message."""
    return ModelError(
        without_secrets(str(error), secrets),
        reason=error.reason,
        retryable=error.retryable,
        retry_after_s=error.retry_after_s,
        status=error.status,
    )


def without_secrets(text: str, secrets: Iterable[str]) -> str:
    """Return a text with every secret taken out: as it is, as a URL or JSON spells it, in base64, and what is
    left of it where a message was cut off (with an ellipsis) in its middle.
    """
    for secret in sorted(secrets, key=len, reverse=True):
        spellings = {secret, quote(secret, safe=""), json.dumps(secret)[1:-1], _base64(secret)}
        for spelling in sorted(spellings, key=len, reverse=True):
            text = text.replace(spelling, _REDACTED)
            text = _without_beginning(text, spelling)
    return text


def _base64(secret: str) -> str:
    return base64.b64encode(secret.encode()).decode().rstrip("=")


def _without_beginning(text: str, secret: str) -> str:
    pieces = text.split(_CUT)
    for place, piece in enumerate(pieces[:-1]):
        longest = min(len(secret), len(piece))
        ends = (n for n in range(longest, _TELLING - 1, -1) if piece.endswith(secret[:n]))
        if (length := next(ends, None)) is not None:
            pieces[place] = piece[:-length] + _REDACTED
    return _CUT.join(pieces)


def _reason(payload: JsonObject, status: int | None, said: str) -> str:
    words = _words(payload)
    if found := _first(words, _DECISIVE):
        return found
    if status in {None, 400, 413, 422} and _TOO_LONG.search(said):
        return "context_too_long"
    if status == 400 and _BAD_KEY.search(said):
        return "auth"
    if status == 403 and _FLAGGED.search(said):
        return "refused"
    by_status = reason_of_status(status) if status is not None else None
    if by_status is not None and by_status != "invalid_request":
        return by_status
    return _first(words, _BY_WORD) or by_status or "server"


def reason_of_status(status: int) -> str:
    """Return what an HTTP status alone says."""
    return _BY_STATUS.get(status, "server" if status >= 500 else "invalid_request")


def _words(payload: JsonObject) -> list[str]:
    error = obj(payload.get("error"))
    found = [error.get("code"), error.get("type"), error.get("status"), payload.get("code")]
    return [word.lower() for word in found if isinstance(word, str)]


def _first(words: Iterable[str], table: Mapping[str, str]) -> str | None:
    return next((table[word] for word in words if word in table), None)


def _message_in(payload: JsonObject) -> str:
    error = payload.get("error")
    fields = obj(error)
    said = string(error) or string(fields.get("message"))
    said = said or string(payload.get("message")) or string(payload.get("detail"))
    upstream = string(obj(fields.get("metadata")).get("raw"))
    if upstream and upstream not in said:
        said = f"{said} ({upstream})" if said else upstream
    return _short(said)


def _plain(body: bytes) -> str:
    text = body[:4096].decode(errors="replace").strip()
    return "" if text.startswith("<") else _short(text)


def _short(text: str) -> str:
    text = " ".join(clean(text).split())
    return text if len(text) <= _MAX_MESSAGE else text[: _MAX_MESSAGE - 1] + _CUT


def _retry_header(headers: Mapping[str, str]) -> float | None:
    millis = _seconds(headers.get("retry-after-ms", ""))
    if millis is not None:
        return millis / 1000
    wish = headers.get("retry-after", "").strip()
    if not wish:
        return None
    seconds = _seconds(wish)
    return seconds if seconds is not None else _until(wish, headers.get("date", ""))


def _until(wish: str, answered: str) -> float | None:
    # Both dates are the server's, so a wrong clock on this machine does not matter.
    try:
        wait = parsedate_to_datetime(wish) - parsedate_to_datetime(answered)
    except (TypeError, ValueError):
        return None
    return min(max(wait.total_seconds(), 0.0), _MAX_WAIT_S)


def _seconds(text: str) -> float | None:
    try:
        seconds = float(text)
    except ValueError:
        return None
    return min(seconds, _MAX_WAIT_S) if seconds >= 0 else None


def _retry_detail(payload: JsonObject) -> float | None:
    # Google's RetryInfo: {"@type": "…RetryInfo", "retryDelay": "17s"}.
    for detail in array(obj(payload.get("error")).get("details")):
        delay = string(obj(detail).get("retryDelay"))
        if delay.endswith("s"):
            return _seconds(delay[:-1])
    return None
