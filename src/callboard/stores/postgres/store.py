"""The event store on PostgreSQL, for any number of processes."""

import asyncio
import contextlib
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Self

from callboard.domain.errors import CallboardError
from callboard.stores.postgres import sql
from callboard.stores.postgres.bell import Bell, Keeper
from callboard.stores.postgres.connections import version_of
from callboard.stores.postgres.driver import PostgresDriver
from callboard.stores.postgres.examination import examine
from callboard.stores.postgres.failures import FAILURES
from callboard.stores.postgres.migrate import ensure_usable
from callboard.stores.postgres.owners import LeasedOwners
from callboard.stores.postgres.partitions import drop_empty_partitions
from callboard.stores.postgres.place import PostgresPlace
from callboard.stores.postgres.rooms import RoomDriver
from callboard.stores.postgres.watch import AskingWatch
from callboard.stores.relational.access import Access
from callboard.stores.relational.operations import StoredOperations
from callboard.stores.relational.readers import Readers
from callboard.stores.relational.store import RelationalStore
from callboard.stores.relational.writer import Writer

LEASE_S = 30.0
PATIENCE_S = 30.0


class PostgresEventStore(RelationalStore):
    """`callboard.ports.event_store.EventStore` for many machines. Open it with `open`."""

    def __init__(
        self,
        url: str,
        home: Path,
        *,
        lease_s: float = LEASE_S,
        patience_s: float = PATIENCE_S,
        durable: bool = True,
    ) -> None:
        """Open the store at an address. Blocks for some milliseconds, or for a migration.

        Args:
            url: the address of the database, as libpq reads it.
            home: the directory of this process's state on its machine.
            lease_s: for how many seconds a process that is not heard of keeps what it drives.
            patience_s: how long each access waits, in seconds, for a server that is busy or away for a moment.
            durable: whether what is written survives the loss of power at that moment.

        Raises:
            ConfigurationInvalid: the address, the database or its schema cannot be used.
            StoreUnavailable: the server cannot be reached.
        """
        place = PostgresPlace.of(url)
        driver = PostgresDriver(place, patience_s, durable=durable, committed=self._wrote)
        self._keeper: Keeper | None = None
        self._bell: Bell | None = None
        self._beating: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        owners = LeasedOwners(home / "owners", lease_s)
        try:
            ensure_usable(place, patience_s)
            self._keeper = Keeper(driver.connect, owners, self._back)
            self._bell = Bell(partial(driver.connect, read_only=True), owners.name, self._back)
            access = Access(sql, Writer(driver), Readers(driver))
            rooms = Writer(RoomDriver(driver))
            engine = _version(driver)
        except FAILURES as error:
            self._abandon(owners)
            raise driver.explain(error) from error
        except CallboardError:
            self._abandon(owners)
            raise
        bell = self._bell
        super().__init__(
            access,
            owners,
            AskingWatch(lambda: bell.heard),
            engine,
            bell.listen,
            tidy=drop_empty_partitions,
            rooms=rooms,
        )
        self.operations = StoredOperations(access, examine)

    @classmethod
    async def open(
        cls,
        url: str,
        home: Path,
        *,
        lease_s: float = LEASE_S,
        patience_s: float = PATIENCE_S,
        durable: bool = True,
    ) -> Self:
        """Open the store at an address, creating its tables where there are none. See `__init__`.

        Raises:
            ConfigurationInvalid: the address, the database or its schema cannot be used.
            StoreUnavailable: the server cannot be reached.
        """
        opened = partial(cls, url, home, lease_s=lease_s, patience_s=patience_s, durable=durable)
        store = await asyncio.to_thread(opened)
        store.live(asyncio.get_running_loop(), lease_s / 5)
        return store

    def live(self, loop: asyncio.AbstractEventLoop, every_s: float) -> None:
        """Say from the event loop, again and again, that this process does its work."""
        self._loop = loop
        if self._keeper is not None:
            self._keeper.alive()
        self._beating = loop.call_later(every_s, self.live, loop, every_s)

    def _wrote(self) -> None:
        if self._keeper is not None:
            self._keeper.wrote()
        if self._bell is not None:
            self._bell.ring()

    def _back(self) -> None:
        """Tell a database that may have crashed what it may have forgotten: nobody waited until it was on the disk."""
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: nothing is held any more
                self._loop.call_soon_threadsafe(self._tell)

    def _tell(self) -> None:
        # One that fails is followed by another: the keeper looks with each beat.
        self.limiter.tell().add_done_callback(lambda told: told.exception())

    async def close(self) -> None:
        """Finish pending appends, give up what is held, and release everything."""
        if self._beating is not None:
            self._beating.cancel()
        await super().close()

    def _abandon(self, owners: LeasedOwners) -> None:
        """Let go of what was opened of a store that cannot be."""
        if self._bell is not None:
            self._bell.end()
        if self._keeper is None:
            owners.retire(None)
        else:
            self._keeper.close()

    def _close(self) -> None:
        super()._close()
        if self._bell is not None:
            self._bell.end()
        if self._keeper is not None:
            self._keeper.close()  # tells once more, which wakes whoever listens
        if self._bell is not None:
            self._bell.join()


def _version(driver: PostgresDriver) -> str:
    with closing(driver.connect(read_only=True)) as session:
        return version_of(session)
