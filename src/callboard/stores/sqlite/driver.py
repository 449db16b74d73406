"""SQLite as a driver of the store."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from callboard.domain.errors import CallboardError
from callboard.ports.event_store import Batch, Claim
from callboard.stores.relational.jobs import Creation, Release
from callboard.stores.relational.session import Session
from callboard.stores.sqlite.appending import append_alone, append_many
from callboard.stores.sqlite.at_once import prepare
from callboard.stores.sqlite.connections import connect
from callboard.stores.sqlite.creating import create_many
from callboard.stores.sqlite.failures import explain
from callboard.stores.sqlite.releasing import release_many

_FAILURES: Final = (sqlite3.Error, ValueError, OverflowError)


class SqliteDriver:
    """`callboard.stores.relational.driver.Driver` for one file."""

    failures: tuple[type[Exception], ...] = _FAILURES

    def __init__(self, path: Path, patience_s: float, *, durable: bool) -> None:
        self._path = path
        self._durable = durable
        self.patience_s = patience_s

    def connect(self, *, read_only: bool = False) -> Session:
        """See `Driver`."""
        session = connect(
            self._path, read_only=read_only, patience_s=self.patience_s, durable=self._durable
        )
        try:
            if not read_only:
                prepare(session)
        except BaseException:
            session.close()
            raise
        return session

    def committed(self) -> None:
        """See `Driver`: others see it in the file."""

    def explain(self, error: Exception) -> CallboardError:
        """See `Driver`."""
        return explain(error, self._path)

    def is_lost(self, error: Exception) -> bool:
        """See `Driver`: a file is there or it is not."""
        del error
        return False

    def append(self, session: Session, batches: Sequence[Batch]) -> Sequence[CallboardError | None]:
        """See `Driver`."""
        return append_many(session, batches)

    def append_alone(
        self, session: Session, batches: Sequence[Batch]
    ) -> Sequence[CallboardError | None]:
        """See `Driver`."""
        return append_alone(session, batches)

    def create(
        self, session: Session, creations: Sequence[Creation]
    ) -> Sequence[Claim | CallboardError]:
        """See `Driver`."""
        return create_many(session, creations)

    def release(self, session: Session, releases: Sequence[Release]) -> None:
        """See `Driver`."""
        release_many(session, releases)
