"""What the stores ask of a database connection: as much of it as `sqlite3` and `psycopg` have in common."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from callboard.domain.events.codec import Sealed
from callboard.domain.thread_mark import Mark
from callboard.stores.relational.wording import Wording

Named = Mapping[str, object]


class Answer(Protocol):
    """What a statement brought."""

    @property
    def rowcount(self) -> int:
        """How many rows it changed."""
        ...

    def fetchone(self) -> Any:
        """Return the next row, or None."""
        ...

    def fetchall(self) -> list[Any]:
        """Return the rows that are left."""
        ...

    def __iter__(self) -> Iterator[Any]: ...


class Session(Protocol):
    """A connection that one thread at a time may use. Outside of a transaction every statement is one of its own.

    Failures are those of the driver; `Driver.explain` says what they mean.
    """

    doubtful: bool
    """Whether what is done now may be done already: the connection broke while it was committed."""

    @property
    def sql(self) -> Wording:
        """The statements, as this database wants them."""
        ...

    def execute(self, statement: str, named: Named = ..., /) -> Answer:
        """Execute one statement; what it does not name is ignored."""
        ...

    def executemany(self, statement: str, every: Sequence[Named], /) -> object:
        """Execute a statement for each of several rows."""
        ...

    def insert_events(self, events: Sequence[Sealed], marks: Sequence[tuple[str, Mark]], /) -> None:
        """Store events, one position behind the other, each with its mark in the thread of the root that is named with it."""
        ...

    def begin(self) -> None:
        """Begin a transaction that no other transaction of any process runs beside."""
        ...

    def commit(self) -> None:
        """Make durable what was done since `begin`."""
        ...

    def rollback(self) -> None:
        """Undo what was done since `begin`. Does nothing outside of a transaction."""
        ...

    def close(self) -> None:
        """Let go of the database."""
        ...
