"""Giving back the room that a database file does not use any more."""

import sqlite3
from contextlib import closing
from pathlib import Path

from callboard.domain.errors import ConfigurationInvalid
from callboard.stores.sqlite.connections import PATIENCE_S, connect
from callboard.stores.sqlite.failures import explain


def compact(path: Path, patience_s: float = PATIENCE_S) -> tuple[int, int]:
    """Write the file anew without what is free in it; return its size in bytes before and after. Blocks, and keeps everybody
    from writing meanwhile; it needs as much room again as the file takes afterwards.

    Raises:
        ConfigurationInvalid: there is no database, or it cannot be written.
        StoreUnavailable: somebody writes for too long, or the disk is full; the file is as it was.
    """
    if not path.exists():
        raise ConfigurationInvalid(f"{path} does not exist: there is nothing to compact yet")
    before = _size(path)
    try:
        with closing(connect(path, patience_s=patience_s)) as session:
            session.execute("VACUUM")
            session.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    except sqlite3.Error as error:
        raise explain(error, path) from error
    return before, _size(path)


def _size(path: Path) -> int:
    """Return how much a database takes, with what was not yet taken into its file."""
    beside = path.with_name(f"{path.name}-wal")
    return path.stat().st_size + (beside.stat().st_size if beside.exists() else 0)
