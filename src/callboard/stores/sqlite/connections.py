"""Opening the database file."""

import os
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from callboard.domain.errors import ConfigurationInvalid
from callboard.domain.events.codec import Sealed
from callboard.stores.relational.session import Named
from callboard.stores.relational.wording import Wording
from callboard.stores.sqlite import sql as statements
from callboard.stores.sqlite.places import placed

PATIENCE_S: Final = 30.0
"""How long a connection waits for another process that holds the database, unless it is told otherwise."""

_NONE: Final[Named] = {}
_PRIVATE_DIRECTORY, _PRIVATE_FILE = 0o700, 0o600


def prepare_file(path: Path) -> None:
    """Create the database file and its directory, readable by nobody else, where they are missing.

    Raises:
        ConfigurationInvalid: the place cannot be used.
    """
    try:
        path.parent.mkdir(mode=_PRIVATE_DIRECTORY, parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        os.close(os.open(path, flags, _PRIVATE_FILE))
    except OSError as error:
        raise ConfigurationInvalid(
            f"{path} cannot be used ({error.strerror}); "
            "make the directory writable or set CALLBOARD_HOME to another one"
        ) from error


class SqliteSession(sqlite3.Connection):
    """`callboard.stores.relational.session.Session`."""

    sql: Wording = statements
    doubtful = False

    def execute(  # pyright: ignore[reportIncompatibleMethodOverride] - our parameters have names
        self, statement: str, named: Named = _NONE, /
    ) -> sqlite3.Cursor:
        """See `Session`."""
        if not named:
            return super().execute(statement)
        known = placed(statement)
        return super().execute(known.text, known.in_order(named))

    def executemany(  # pyright: ignore[reportIncompatibleMethodOverride] - our parameters have names
        self, statement: str, every: Iterable[Named], /
    ) -> sqlite3.Cursor:
        """See `Session`."""
        known = placed(statement)
        return super().executemany(known.text, map(known.in_order, every))

    def insert_events(self, events: Sequence[Sealed], /) -> int:
        """See `Session`."""
        # A sealed event is its columns in their order.
        super().executemany(placed(self.sql.INSERT_EVENT).text, events)
        # nobody else writes meanwhile: the positions of these events have no gap
        (last,) = self.execute("SELECT last_insert_rowid()").fetchone()
        return int(last) - len(events) + 1

    def begin(self) -> None:
        """See `Session`."""
        self.execute("BEGIN IMMEDIATE")

    def rollback(self) -> None:
        """See `Session`."""
        if self.in_transaction:
            self.execute("ROLLBACK")


def connect(
    path: Path,
    *,
    read_only: bool = False,
    patience_s: float = PATIENCE_S,
    durable: bool = True,
) -> SqliteSession:
    """Open a connection that any one thread at a time may use. Transactions are explicit.

    Args:
        path: the database file, which must be there.
        read_only: whether writes are refused.
        patience_s: how long it waits, in seconds, for another process that holds the database.
        durable: whether what is written survives the loss of power at that moment.
    """
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        timeout=patience_s,
        factory=SqliteSession,
    )
    try:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'OFF'}")
        connection.execute(f"PRAGMA query_only = {'ON' if read_only else 'OFF'}")
    except BaseException:
        connection.close()
        raise
    return connection
