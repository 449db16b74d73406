"""Limits in the same database as the log: room is taken in one transaction, by the database's clock."""

import asyncio
from collections.abc import Sequence
from functools import partial

from callboard.domain.errors import CallboardError
from callboard.engine.pacing import MICRO, Ask, Full, Limit, LimitStanding
from callboard.stores.relational.access import Access
from callboard.stores.relational.known_names import KnownNames
from callboard.stores.relational.owners import Owners
from callboard.stores.relational.rooms import (
    Held,
    Wanted,
    find_room,
    give_back_room,
    make_room,
    room_standings,
    take_room,
    tell_room,
)
from callboard.stores.relational.writer import Writer


class StoredLimiter:
    """`callboard.ports.limiter.Limiter`; shares the event store's connections and owners, but for a `writer` of its own
    where there is one.
    """

    def __init__(self, access: Access, owners: Owners, writer: Writer | None = None) -> None:
        self._writer = writer or access.writer
        self._readers = access.readers
        self._owners = owners
        self._known = KnownNames(self._names)
        self._held = Held()

    async def limited(self, names: Sequence[str]) -> tuple[str, ...]:
        """See `ports.limiter.Limiter`."""
        return await self._known.among(names)

    async def take(self, holder: str, asks: Sequence[Ask]) -> Full | None:
        """See `ports.limiter.Limiter`."""
        wanted = Wanted(tuple(asks), holder)
        try:
            return await self._writer.submit(
                lambda session: take_room(session, wanted, self._owners, self._held)
            )
        except CallboardError:
            self._held.forget(holder)  # nobody knows what became of it, and it shall not be told
            raise

    async def look(self, asks: Sequence[Ask]) -> Full | None:
        """See `ports.limiter.Limiter`."""
        if not asks:
            return None
        wanted = Wanted(tuple(asks))
        found = await self._readers.run(partial(find_room, wanted=wanted, us=self._owners.name))
        if found.full is None:
            return None
        return await self._writer.submit(
            lambda session: make_room(session, wanted, self._owners, self._held).full
        )

    async def give_back(self, holder: str) -> None:
        """See `ports.limiter.Limiter`."""
        self._held.forget(holder)
        await self._writer.submit(
            lambda session: give_back_room(session, holder, self._owners, self._held)
        )

    async def correct(self, names: Sequence[str], by: int) -> None:
        """See `ports.limiter.Limiter`."""
        rows = [{"limit_name": name, "by_micro": by * MICRO} for name in names]
        await self._writer.submit(
            lambda session: session.executemany(session.sql.CORRECT_CAP, rows)
        )

    def tell(self) -> "asyncio.Future[None]":
        """Tell a database that may have forgotten what this process holds, and what it gave back."""
        return self._writer.submit(lambda session: tell_room(session, self._owners, self._held))

    async def set_limit(self, limit: Limit) -> None:
        """See `ports.limiter.Limiter`."""
        row = {
            "name": limit.name,
            "at_once": limit.at_once,
            "per_minute": limit.per_minute,
            "burst": limit.burst,
            "level_micro": 0,
            "filled_us": 0,  # so long ago that everything is there
        }
        await self._writer.submit(lambda session: session.execute(session.sql.SET_CAP, row))
        self._known.forget()

    async def remove_limit(self, name: str) -> bool:
        """See `ports.limiter.Limiter`."""
        self._known.forget()
        named = {"limit_name": name}
        return await self._writer.submit(
            lambda session: session.execute(session.sql.REMOVE_CAP, named).rowcount > 0
        )

    async def standings(self) -> list[LimitStanding]:
        """See `ports.limiter.Limiter`."""
        return await self._readers.run(partial(room_standings, owners=self._owners))

    async def _names(self) -> list[str]:
        found = await self._readers.run(
            lambda session: session.execute(session.sql.CAPS).fetchall()
        )
        return [str(row[0]) for row in found]
