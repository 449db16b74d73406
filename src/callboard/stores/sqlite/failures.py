"""What a database error means to the person at the keyboard."""

import os
import sqlite3
from pathlib import Path

from callboard.domain.errors import CallboardError, DatabaseUnusable, StoreUnavailable

_NOT_OURS = {sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_FORMAT}
_NOT_ALLOWED = {
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_AUTH,
}
_SAFE = "What was recorded is safe: go on with `callboard runs resume`"
_FILES_OF_ITS_OWN = 4  # the database, what goes with it, and their directory
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


def explain(error: Exception, path: Path) -> CallboardError:
    """Return our error for one that came up while the database was used."""
    if isinstance(error, CallboardError):
        return error
    # The low byte is the primary code; the rest says where it happened.
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in _NOT_OURS:
        return DatabaseUnusable(
            f"{path} is not a readable database ({error}); move it away or put a copy back"
        )
    if code in _NOT_ALLOWED and _is_out_of_files():
        return StoreUnavailable(
            f"{path}: too many files are open at a time; allow more (`ulimit -n`). {_SAFE}"
        )
    if code in _NOT_ALLOWED:
        return DatabaseUnusable(
            f"{path} cannot be used ({error}); check its permissions or set CALLBOARD_HOME"
        )
    if code in _BUSY:
        return StoreUnavailable(
            f"{path}: another process keeps the database locked. End that process and try again, or wait longer "
            "with CALLBOARD_DATABASE_PATIENCE (seconds)"
        )
    if code == sqlite3.SQLITE_FULL:
        return StoreUnavailable(f"{path}: the disk is full. {_SAFE} once there is room again")
    if code == sqlite3.SQLITE_IOERR:
        return StoreUnavailable(
            f"{path} could not be read or written ({error}). {_SAFE} once the disk works and has room"
        )
    if isinstance(error, MemoryError):
        return StoreUnavailable(f"{path}: there is not enough memory. {_SAFE} once there is more")
    return StoreUnavailable(f"{path}: {error}")


def _is_out_of_files() -> bool:
    """Return whether this process may open hardly anything more: SQLite does not say why it could not."""
    opened: list[int] = []
    try:
        opened += (os.open(os.devnull, os.O_RDONLY) for _ in range(_FILES_OF_ITS_OWN))
    except OSError:
        return True
    finally:
        for number in opened:
            os.close(number)
    return False
