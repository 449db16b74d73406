"""What differs between databases: opening a connection, what a failure means, storing many batches at once."""

from collections.abc import Sequence
from typing import Protocol

from callboard.domain.errors import CallboardError
from callboard.ports.event_store import Batch, Claim
from callboard.stores.relational.jobs import Creation, Release
from callboard.stores.relational.session import Session


class Driver(Protocol):
    """A kind of database, at one place."""

    failures: tuple[type[Exception], ...]
    """What its connections raise."""

    patience_s: float
    """How long an access waits, in seconds, for a database that is busy, or away for a moment."""

    def connect(self, *, read_only: bool = False) -> Session:
        """Open a connection, or raise one of the `failures`."""
        ...

    def committed(self) -> None:
        """Take notice that something was made durable."""
        ...

    def explain(self, error: Exception) -> CallboardError:
        """Return our error for one of its failures."""
        ...

    def is_lost(self, error: Exception) -> bool:
        """Return whether a failure means that the connection is of no use any more and another one may be."""
        ...

    def append(
        self, session: Session, batches: Sequence[Batch]
    ) -> "Sequence[CallboardError | None]":
        """Store batches in order, within a transaction, where their logs and claims are as they expect; return for
        each why it was refused, if it was.
        """
        ...

    def append_alone(
        self, session: Session, batches: Sequence[Batch]
    ) -> "Sequence[CallboardError | None]":
        """Do what `append` does as a transaction of its own."""
        ...

    def create(
        self, session: Session, creations: Sequence[Creation]
    ) -> "Sequence[Claim | CallboardError]":
        """Store new runs in order, within a transaction; return for each its claim, or why it was refused."""
        ...

    def release(self, session: Session, releases: Sequence[Release]) -> None:
        """Leave runs without an owner, within a transaction, if the claims are still those in force."""
        ...
