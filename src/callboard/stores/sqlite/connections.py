"""Opening the database file."""

import os
import sqlite3
from pathlib import Path

from callboard.domain.errors import ConfigurationInvalid

_BUSY_MS = 30_000
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


def connect(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    """Open a connection that any one thread at a time may use. Transactions are explicit."""
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        timeout=_BUSY_MS / 1000,
    )
    try:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA query_only = {'ON' if read_only else 'OFF'}")
    except BaseException:
        connection.close()
        raise
    return connection
