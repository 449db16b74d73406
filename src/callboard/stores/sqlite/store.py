"""The event store on one SQLite file."""

import asyncio
import sqlite3
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Self

from callboard.stores.file_owners import FileOwners
from callboard.stores.file_writes import FileWrites
from callboard.stores.relational.access import Access
from callboard.stores.relational.readers import Readers
from callboard.stores.relational.store import RelationalStore
from callboard.stores.relational.writer import Writer
from callboard.stores.sqlite import sql
from callboard.stores.sqlite.connections import PATIENCE_S, prepare_file, require_version
from callboard.stores.sqlite.driver import SqliteDriver
from callboard.stores.sqlite.migrate import ensure_current
from callboard.stores.sqlite.watch import SignalWatch


class SqliteEventStore(RelationalStore):
    """`callboard.ports.event_store.EventStore` for one machine. Open it with `open`."""

    def __init__(self, path: Path, *, patience_s: float = PATIENCE_S, durable: bool = True) -> None:
        """Open the store at `path`. Blocks for a few milliseconds, or for a migration.

        Args:
            path: the database file.
            patience_s: how long each access waits, in seconds, for another process that holds the database.
            durable: whether what is written survives the loss of power at that moment; only for what can be
                thrown away is it not.

        Raises:
            ConfigurationInvalid: the file, its directory or its schema cannot be used.
        """
        require_version(sqlite3.sqlite_version_info)
        driver = SqliteDriver(path, patience_s, durable=durable)
        prepare_file(path)
        self._owner = FileOwners(path.parent / "owners")
        with ExitStack() as undoing:
            undoing.callback(self._owner.retire)
            try:
                ensure_current(path, patience_s)
                watch = SignalWatch(driver.connect(read_only=True))
                undoing.callback(watch.close)
                access = Access(sql, Writer(driver), Readers(driver))
            except (sqlite3.Error, OSError) as error:
                raise driver.explain(error) from error
            undoing.pop_all()
        engine, log = f"SQLite {sqlite3.sqlite_version}", path.with_name(f"{path.name}-wal")
        super().__init__(access, self._owner, watch, engine, writes=FileWrites(log))

    @classmethod
    async def open(
        cls, path: Path, *, patience_s: float = PATIENCE_S, durable: bool = True
    ) -> Self:
        """Open the store at `path`, creating or upgrading it where needed. See `__init__`.

        Raises:
            ConfigurationInvalid: the file, its directory or its schema cannot be used.
        """
        return await asyncio.to_thread(partial(cls, path, patience_s=patience_s, durable=durable))

    def _close(self) -> None:
        super()._close()
        self._owner.retire()
