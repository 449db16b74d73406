"""The tables of a database file, for `callboard db`."""

import asyncio
import sqlite3
from pathlib import Path

from callboard.ports.schema_keeper import SchemaStanding, Upgraded
from callboard.stores.revisions import CURRENT
from callboard.stores.sqlite.connections import prepare_file
from callboard.stores.sqlite.failures import explain
from callboard.stores.sqlite.migrate import ensure_current, revision_of


class SqliteSchema:
    """`callboard.ports.schema_keeper.SchemaKeeper`."""

    def __init__(self, path: Path, patience_s: float) -> None:
        self._path = path
        self._patience_s = patience_s

    async def standing(self) -> SchemaStanding:
        """See `SchemaKeeper`."""
        return await asyncio.to_thread(self._standing)

    async def upgrade(self) -> Upgraded:
        """See `SchemaKeeper`."""
        return await asyncio.to_thread(self._upgrade)

    def _standing(self) -> SchemaStanding:
        found = self._revision()
        engine = f"SQLite {sqlite3.sqlite_version}"
        return SchemaStanding(
            str(self._path), engine, found, CURRENT, CURRENT, _problem(self._path, found)
        )

    def _upgrade(self) -> Upgraded:
        before = self._revision()
        prepare_file(self._path)
        try:
            ensure_current(self._path, self._patience_s)
        except (sqlite3.Error, OSError) as error:
            raise explain(error, self._path) from error
        return Upgraded(() if before == CURRENT else (CURRENT,))

    def _revision(self) -> str | None:
        if not self._path.exists():
            return None
        try:
            return revision_of(self._path, self._patience_s)
        except sqlite3.Error as error:
            raise explain(error, self._path) from error


def _problem(path: Path, revision: str | None) -> str | None:
    if revision is None or revision < CURRENT:
        return (
            f"{path} has not the schema of this version yet; whatever uses it first upgrades it, or do it now with"
            " `callboard db upgrade`"
        )
    if revision > CURRENT:
        return f"{path} was written by a newer Callboard (revision {revision}); upgrade this one"
    return None
