"""Opening the database file."""

import os
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from callboard.domain.errors import ConfigurationInvalid
from callboard.domain.events.codec import Sealed, timestamp
from callboard.domain.thread_mark import Mark
from callboard.stores.relational.session import Named
from callboard.stores.relational.wording import Wording
from callboard.stores.sqlite import sql as statements
from callboard.stores.sqlite.places import placed, takes_rows, together

PATIENCE_S: Final = 30.0
"""How long a connection waits for another process that holds the database, unless it is told otherwise."""

_NONE: Final[Named] = {}
_OLDEST: Final = (3, 33, 0)
"""The first with `UPDATE … FROM`, and with room for as many parameters as we bind at once."""

_PRIVATE_DIRECTORY, _PRIVATE_FILE = 0o700, 0o600


def require_version(found: tuple[int, ...]) -> None:
    """Do nothing where SQLite knows all that we ask of it.

    Raises:
        ConfigurationInvalid: it is too old.
    """
    if found < _OLDEST:
        raise ConfigurationInvalid(
            f"Python's SQLite is version {'.'.join(map(str, found))}, and {'.'.join(map(str, _OLDEST))} is needed; "
            "use a Python that brings a newer one along, or a PostgreSQL by way of CALLBOARD_DATABASE_URL"
        )


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
    ) -> None:
        """See `Session`."""
        known = placed(statement)
        rows = [known.in_order(named) for named in every]
        if takes_rows(known.text):
            self.write(known.text, rows)
        else:
            super().executemany(known.text, rows)

    def write(self, text: str, rows: Sequence[Sequence[Any]]) -> int:
        """Execute a statement that takes rows, its parameters by place, for all of them in order; return the row id of the
        last, where it inserts them.
        """
        last = 0
        for statement, values in together(text, rows):
            last = super().execute(statement, values).lastrowid or 0
        return last

    def insert_events(self, events: Sequence[Sealed], marks: Sequence[tuple[str, Mark]], /) -> None:
        """See `Session`."""
        if not events:
            return
        # A sealed event is its columns in their order. Nobody else writes meanwhile: their positions have no gap.
        first = self.write(placed(self.sql.INSERT_EVENT).text, events) - len(events) + 1
        told = [
            (
                root,
                first + n,
                sealed.run_id,
                mark.facets,
                mark.took_ms,
                mark.nano_usd,
                timestamp(mark.at),
            )
            for n, (sealed, (root, mark)) in enumerate(zip(events, marks, strict=True))
        ]
        self.write(placed(self.sql.MARK).text, told)

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
