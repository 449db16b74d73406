"""The tables of a database on a server, for `callboard db`."""

import asyncio
from contextlib import closing

from callboard.ports.schema_keeper import SchemaStanding, Upgraded
from callboard.stores.postgres.connections import connect, version_of
from callboard.stores.postgres.failures import FAILURES, explain
from callboard.stores.postgres.migrate import Upgrade, standing, unusable
from callboard.stores.postgres.place import PostgresPlace
from callboard.stores.revisions import CURRENT, NEEDED


class PostgresSchema:
    """`callboard.ports.schema_keeper.SchemaKeeper`."""

    def __init__(self, url: str, patience_s: float) -> None:
        """Mean the database at an address.

        Raises:
            ConfigurationInvalid: the address cannot be read.
        """
        self._place = PostgresPlace.of(url)
        self._patience_s = patience_s

    async def standing(self) -> SchemaStanding:
        """See `SchemaKeeper`."""
        return await asyncio.to_thread(self._standing)

    async def upgrade(self) -> Upgraded:
        """See `SchemaKeeper`."""
        return await asyncio.to_thread(self._upgrade)

    def _standing(self) -> SchemaStanding:
        try:
            opened = connect(self._place, read_only=True, patience_s=self._patience_s)
            with closing(opened) as session:
                found, engine = standing(session), version_of(session)
        except FAILURES as error:
            raise explain(error, self._place.shown) from error
        problem = unusable(found, self._place.shown)
        return SchemaStanding(self._place.shown, engine, found.revision, CURRENT, NEEDED, problem)

    def _upgrade(self) -> Upgraded:
        try:
            with closing(connect(self._place, patience_s=self._patience_s)) as session:
                applied, waiting = Upgrade(self._place, self._patience_s).run(session)
        except FAILURES as error:
            raise explain(error, self._place.shown) from error
        return Upgraded(tuple(applied), tuple(waiting))
