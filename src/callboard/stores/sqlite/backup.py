"""A copy of a database file as it is at one moment, taken while others write."""

import os
import sqlite3
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Final

from callboard.domain.errors import CallboardError, ConfigurationInvalid
from callboard.stores.sqlite.connections import PATIENCE_S, connect
from callboard.stores.sqlite.failures import explain

_CREATE: Final = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW


def backup(path: Path, target: Path, patience_s: float = PATIENCE_S) -> int:
    """Copy the database at `path` to a new file and check the copy; return its size in bytes. Blocks.

    Raises:
        ConfigurationInvalid: there is no database, the file exists already or cannot be written, there is no room for
            it, or the copy is damaged, which means that the database is.
        StoreUnavailable: the database cannot be read.
    """
    if not path.exists():
        raise ConfigurationInvalid(f"{path} does not exist: there is nothing to copy yet")
    _create(target)
    with ExitStack() as undoing:
        undoing.callback(target.unlink)
        try:
            _copy(path, target, patience_s)
            _make_durable(target)
        except (sqlite3.Error, OSError) as error:
            raise _explained(error, path, target) from error
        undoing.pop_all()
    return target.stat().st_size


def _copy(path: Path, target: Path, patience_s: float) -> None:
    with (
        closing(connect(path, read_only=True, patience_s=patience_s)) as source,
        closing(sqlite3.connect(target)) as copy,
    ):
        source.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, with nothing beside it
        (said,) = copy.execute("PRAGMA integrity_check(1)").fetchone()
    if said != "ok":
        raise ConfigurationInvalid(f"{path} is damaged ({said}): restore it from an earlier copy")


def _explained(error: sqlite3.Error | OSError, path: Path, target: Path) -> CallboardError:
    """Return what to tell about an error: of the copy, or of the database, which is only read."""
    if isinstance(error, OSError):
        return _unwritable(target, error)
    if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL:
        return ConfigurationInvalid(
            f"{target}: the disk is full, and nothing was copied; name a place with more room"
        )
    return explain(error, path)


def _create(target: Path) -> None:
    """Make the file, for the eyes of its owner only: what is in a database is nobody else's business."""
    try:
        os.close(os.open(target, _CREATE, 0o600))
    except FileExistsError:
        raise ConfigurationInvalid(f"{target} exists already; choose another name") from None
    except OSError as error:
        raise _unwritable(target, error) from None


def _unwritable(target: Path, error: OSError) -> ConfigurationInvalid:
    return ConfigurationInvalid(f"{target} cannot be written: {error.strerror}")


def _make_durable(target: Path) -> None:
    for path, flags in ((target, os.O_RDWR), (target.parent, os.O_RDONLY | os.O_DIRECTORY)):
        opened = os.open(path, flags | os.O_CLOEXEC)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)
