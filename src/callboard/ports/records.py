"""Records and the audit log that moves with them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from callboard.domain.record import AuditEntry, Change, Kept, Kind, T, Write


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which records: those whose key begins with `prefix`, of these spaces, in these states (none named:
    all), the oldest first unless `newest_first`, beyond the record at position `after`.
    """

    prefix: str = ""
    spaces: tuple[str, ...] | None = None
    states: tuple[str, ...] = ()
    newest_first: bool = False
    after: int | None = None
    limit: int | None = None


EVERYTHING = Wanted()


@dataclass(frozen=True, slots=True)
class AuditWanted:
    """Which entries of the audit log, the newest first: on this record, by this actor (`kind:name`), of these
    spaces, older than `before`.
    """

    record: tuple[str, str] | None = None
    actor: str | None = None
    spaces: tuple[str, ...] | None = None
    before: int | None = None
    limit: int = 100


class Records(Protocol):
    """All records of this deployment."""

    async def get(self, kind: Kind[T], key: str) -> Kept[T] | None:
        """Return a record."""
        ...

    async def find(self, kind: Kind[T], wanted: Wanted = EVERYTHING) -> list[Kept[T]]:
        """Return records of a kind."""
        ...

    async def commit(self, change: Change) -> None:
        """Store a change and its entry in the audit log, both or neither.

        Raises:
            RecordConflict: a record is not in the revision that the change expects.
        """
        ...

    async def keep(self, writes: Sequence[Write]) -> None:
        """Store notes of the machine, without an entry.

        Raises:
            RecordConflict: a record is not in the revision that the write expects.
            ValueError: one of them is of an audited kind.
        """
        ...

    async def audit(self, wanted: AuditWanted) -> list[AuditEntry]:
        """Return entries of the audit log, the newest first."""
        ...

    async def check_audit(self) -> int | None:
        """Return the position of the first entry that was altered, or follows one that is gone. None: all is
        as it was written.
        """
        ...
