"""Bringing a database to the schema of this code."""

import fcntl
import os
import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path

from callboard.domain.errors import ConfigurationInvalid
from callboard.stores.revisions import CURRENT, MIGRATIONS
from callboard.stores.sqlite.connections import PATIENCE_S, connect
from callboard.stores.upgrading import as_drivers_say


def ensure_current(path: Path, patience_s: float = PATIENCE_S) -> None:
    """Create or upgrade the schema where it is not current. One process does it, others wait for it.

    Raises:
        ConfigurationInvalid: the database is somebody else's, or newer than this code.
        sqlite3.Error: the file cannot be read.
    """
    with closing(connect(path, patience_s=patience_s)) as connection:
        if _revision(connection) == CURRENT:
            return
        with _alone(path):
            revision = _revision(connection)
            if revision == CURRENT:
                return
            if revision is None and _tables(connection):
                raise ConfigurationInvalid(
                    f"{path} holds a database that is not Callboard's; set CALLBOARD_HOME elsewhere"
                )
            connection.execute("PRAGMA journal_mode = WAL")
            _upgrade(path, patience_s)


def revision_of(path: Path, patience_s: float = PATIENCE_S) -> str | None:
    """Return the revision of a database file; None where it has no tables of ours.

    Raises:
        sqlite3.Error: the file cannot be read.
    """
    with closing(connect(path, read_only=True, patience_s=patience_s)) as connection:
        return _revision(connection)


def _tables(connection: sqlite3.Connection) -> int:
    (count,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return int(count)


def _revision(connection: sqlite3.Connection) -> str | None:
    known = "SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'"
    if connection.execute(known).fetchone() is None:
        return None
    record = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return None if record is None else str(record[0])


@contextmanager
def _alone(path: Path) -> Generator[None]:
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    lock = os.open(path.with_name(f"{path.name}.migrating"), flags, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _upgrade(path: Path, patience_s: float) -> None:
    # Imported here because they take half a second, and only the first start of a version needs them.
    from alembic import command  # noqa: PLC0415 - see above
    from alembic.config import Config  # noqa: PLC0415
    from alembic.util import CommandError  # noqa: PLC0415
    from sqlalchemy import create_engine, pool  # noqa: PLC0415

    engine = create_engine(
        "sqlite://",
        creator=lambda: connect(path, patience_s=patience_s),
        poolclass=pool.NullPool,
    )
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    try:
        with as_drivers_say(), engine.connect() as connection:
            # One transaction around everything: a killed upgrade leaves the old schema.
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            connection.commit()
    except CommandError as error:
        raise ConfigurationInvalid(
            f"{path} was written by a newer Callboard ({error}); upgrade this one"
        ) from error
    finally:
        engine.dispose()
