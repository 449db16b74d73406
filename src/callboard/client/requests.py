"""Requests and answers as values: what both clients ask, without any network."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, cast
from urllib.parse import quote

from callboard.client.refusals import Refused
from callboard.client.shapes import Event

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
PREFIX: Final = "/api/v1"
STREAM: Final = "text/event-stream"


@dataclass(frozen=True, slots=True)
class Ask:
    """One request: what a client sends, and nothing of how."""

    method: Method
    path: str
    query: Mapping[str, Any] = field(default_factory=dict[str, Any])
    body: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    def on_page(self, cursor: str | None) -> "Ask":
        """Return the request for the next page of a list."""
        more = {} if cursor is None else {"cursor": cursor}
        return Ask(self.method, self.path, {**self.query, **more}, self.body, self.headers)


def path(*parts: str) -> str:
    """Return a path below the API; what stands in it is escaped."""
    return "/".join([PREFIX, *(quote(part, safe="") for part in parts)])


def ask(
    method: Method,
    where: str,
    body: Mapping[str, Any] | None = None,
    *,
    key: str | None = None,
    **query: Any,
) -> Ask:
    """Return a request; what is None is left out."""
    given = (
        None if body is None else {name: value for name, value in body.items() if value is not None}
    )
    asked = {name: value for name, value in query.items() if value is not None}
    return Ask(method, where, asked, given, {} if key is None else {"Idempotency-Key": key})


def start_run(agent: str, key: str | None, wish: Mapping[str, Any]) -> Ask:
    """Return the request that starts an agent."""
    return ask("POST", path("runs"), {"agent": agent, **wish}, key=key)


def decide(run_id: str, digest: str, verdict: str, wish: Mapping[str, Any]) -> Ask:
    """Return the request that decides about a gate."""
    return ask(
        "POST", path("gates", run_id, "decision"), {"digest": digest, "verdict": verdict, **wish}
    )


def answer(status: int, content: bytes) -> Any:
    """Return the value of an answer; None where it has none.

    Raises:
        Refused: it is a refusal.
    """
    if status >= 400:
        raise Refused(status, _problem(content))
    return json.loads(content) if content else None


def _problem(content: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(content)
    except ValueError:
        return {}
    return cast("Mapping[str, Any]", found) if isinstance(found, dict) else {}


class Frames:
    """Takes the lines of a stream, and gives the events in it. `last` is the `seq` of the last one."""

    def __init__(self, after: int) -> None:
        self.last = after
        self._data: list[str] = []

    def feed(self, line: str) -> Iterator[Event]:
        """Take a line."""
        name, _, value = line.partition(":")
        if name == "data":
            self._data.append(value.removeprefix(" "))
        elif not line and self._data:
            found = Event.model_validate_json("\n".join(self._data))
            self._data.clear()
            self.last = found.seq
            yield found


def has_ended(event: Event, run_id: str) -> bool:
    """Return whether an event is the last one of a run."""
    return event.run_id == run_id and event.type in (
        "run.completed",
        "run.failed",
        "run.cancelled",
    )
