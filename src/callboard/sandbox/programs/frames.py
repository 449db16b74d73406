"""Lines to and from a worker. What comes back is the program's own to forge: its shape is checked here."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final, cast

import orjson
from pydantic import JsonValue

from callboard.domain.message import JsonObject
from callboard.ports.programs import Advanced, FaultReason, LogLine, ProgramFault

DEEPEST: Final = 100
"""The most levels of lists and objects in what a program yields."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_ENVELOPE: Final = 2
_MOST_CONTAINERS, _MOST_VALUES = 250_000, 2_000_000  # a few bytes each on the line, many in memory
_REPORTED: Final = {"error", "memory", "too_large"}
_LONGEST_MESSAGE: Final = 3000


def encoded(token: str, request: Mapping[str, JsonValue]) -> bytes:
    """Return a request as a line.

    Raises:
        ProgramFault: it is nested too deeply to be written.
    """
    content = {"token": token, **request}
    try:
        return orjson.dumps(content, option=orjson.OPT_APPEND_NEWLINE)
    except orjson.JSONEncodeError:  # halves of surrogate pairs, big integers, hundreds of levels
        try:
            return json.dumps(content).encode() + b"\n"
        except RecursionError:
            raise ProgramFault("what it would be given is nested too deeply") from None


def clock(now: datetime) -> int:
    """Return a time in microseconds since 1970."""
    return (now - _EPOCH) // _MICROSECOND


def answer(token: str, line: bytes) -> JsonObject:
    """Return the members of an answer.

    Raises:
        ProgramFault: the worker reports one, or this is no answer to the request of this token.
    """
    containers = line.count(b"[") + line.count(b"{")
    if containers > _MOST_CONTAINERS or line.count(b",") > _MOST_VALUES:
        raise ProgramFault("one step came to more values than fit", reason="too_large")
    try:
        content: object = orjson.loads(line)
    except orjson.JSONDecodeError:
        raise broken("its worker sent no JSON") from None
    if not isinstance(content, dict):
        raise broken("its worker sent no object")
    members = cast("JsonObject", content)
    if members.pop("token", None) != token:
        raise broken("its worker answered what nobody asked")
    if containers > DEEPEST:
        _check_depth(members)
    if "fault" in members:
        raise _reported(members["fault"])
    return members


def broken(what: str) -> ProgramFault:
    """Return the fault of a worker that does not keep to the protocol."""
    return ProgramFault(what, reason="protocol")


def advanced(members: JsonObject, most_lines: int) -> Advanced:
    """Return an answer to `advance`.

    Raises:
        ProgramFault: it is none.
    """
    done, logs = members.get("done"), members.get("logs")
    if members.keys() != {"done", "value", "logs"} or not isinstance(done, bool):
        raise broken("its worker sent an answer of another shape")
    if not isinstance(logs, list) or len(logs) > most_lines:
        raise broken("its worker sent more log lines than it may")
    return Advanced(done=done, value=members["value"], logs=tuple(map(_log_line, logs)))


def _log_line(raw: JsonValue) -> LogLine:
    match raw:
        case [("debug" | "info" | "warn" | "error") as level, data, str(message)]:
            return LogLine(level, data, message[:_LONGEST_MESSAGE])
        case _:
            raise broken("its worker sent a log line of another shape")


def _reported(raw: JsonValue) -> ProgramFault:
    match raw:
        case [str(reason), str(message)] if reason in _REPORTED:
            return ProgramFault(message[:_LONGEST_MESSAGE], reason=cast("FaultReason", reason))
        case _:
            return broken("its worker reported a failure of another shape")


def _check_depth(members: JsonObject) -> None:
    """Refuse what recursion elsewhere could not follow, level by level rather than recursively."""
    level: list[JsonValue] = [members]
    for _ in range(DEEPEST + _ENVELOPE):
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return
    raise ProgramFault(f"it yielded something nested more than {DEEPEST} levels deep")


def _inside(value: JsonValue) -> list[JsonValue]:
    """Return the lists and objects directly in a value."""
    match value:
        case list():
            return [inner for inner in value if isinstance(inner, list | dict)]
        case dict():
            return [inner for inner in value.values() if isinstance(inner, list | dict)]
        case _:
            return []
