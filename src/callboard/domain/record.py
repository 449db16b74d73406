"""Records: what the organisation has written down and may change, and the trail of every change.

Runs are logs; people, spaces, agents, workflows and tasks are records. A record changes only together with an
entry of the audit log that says who changed what, from what, to what.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, JsonValue

from callboard.domain.actor import Actor

T = TypeVar("T", bound=BaseModel)


def _nothing(_: Any) -> str | None:
    return None


@dataclass(frozen=True, slots=True)
class Kind(Generic[T]):
    """One sort of record: its stored name, its model, and what it is found by.

    `key` is unique within the kind. `space` and `state` are what lists are narrowed by. Fields that are named
    `hidden` are secrets or as good as one: the audit log says that they changed, not what they are. Records
    that are not `audited` are the machine's own notes (a delivery, a session's last use): only they may be
    kept without an entry.
    """

    name: str
    model: type[T]
    key: Callable[[T], str]
    space: Callable[[T], str | None] = _nothing
    state: Callable[[T], str | None] = _nothing
    hidden: frozenset[str] = frozenset()
    audited: bool = True

    def put(self, value: T, *, over: "Kept[T] | None" = None) -> "Put":
        """Return the wish to store a value: a new one, or one in place of what was read before."""
        body = value.model_dump_json(exclude_none=True).encode()
        place = (self.name, self.key(value))
        revision = 0 if over is None else over.revision
        return Put(self, *place, body, self.space(value), self.state(value), revision)

    def remove(self, gone: "Kept[T]") -> "Remove":
        """Return the wish to take a record away, as it was read before."""
        return Remove(self, self.name, self.key(gone.value), gone.revision)


@dataclass(frozen=True, slots=True)
class Kept(Generic[T]):
    """A stored record. `revision` grows by one with every change, `position` orders records by age."""

    value: T
    revision: int
    position: int


@dataclass(frozen=True, slots=True)
class Put:
    """Store a record where its revision is `expected` (0: where there is none)."""

    of: Kind[Any]
    kind: str
    key: str
    body: bytes
    space: str | None
    state: str | None
    expected: int


@dataclass(frozen=True, slots=True)
class Remove:
    """Take a record away where its revision is `expected`."""

    of: Kind[Any]
    kind: str
    key: str
    expected: int


Write = Put | Remove


@dataclass(frozen=True, slots=True)
class Change:
    """Writes that happen together or not at all, and what the audit log says of them."""

    actor: Actor
    action: str
    at: datetime
    writes: tuple[Write, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Difference:
    """What a change did to one record: its plain values before and after. None: it was, or is, not there."""

    kind: str
    key: str
    before: JsonValue
    after: JsonValue


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One entry of the audit log. `hash` covers the entry and the hash of the one before it."""

    position: int
    at: datetime
    actor: Actor
    action: str
    space: str | None
    differences: tuple[Difference, ...]
    note: str
    hash: str
