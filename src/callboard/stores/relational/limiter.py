"""Limits in the same database as the log: room is taken in one transaction, by the database's clock."""

import asyncio
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from callboard.engine.pacing import Ask, Full, Level, Limit, LimitStanding, room
from callboard.stores.relational.access import Access
from callboard.stores.relational.known_names import KnownNames
from callboard.stores.relational.owners import Owners
from callboard.stores.relational.session import Session
from callboard.stores.relational.writer import Writer

_NOBODY: Final = ""


class StoredLimiter:
    """`callboard.ports.limiter.Limiter`; shares the event store's connections and owners, but for a `writer` of its own
    where there is one.
    """

    def __init__(self, access: Access, owners: Owners, writer: Writer | None = None) -> None:
        self._writer = writer or access.writer
        self._readers = access.readers
        self._owners = owners
        self._known = KnownNames(self._names)
        self._holders: set[str] = set()

    async def limited(self, names: Sequence[str]) -> tuple[str, ...]:
        """See `ports.limiter.Limiter`."""
        return await self._known.among(names)

    async def take(self, holder: str, asks: Sequence[Ask]) -> Full | None:
        """See `ports.limiter.Limiter`."""
        wanted, is_new = _Wanted(holder, tuple(asks)), holder not in self._holders
        self._holders.add(
            holder
        )  # before it is asked for: `mend` shall not take it away in between
        taken = False
        try:
            full = await self._writer.submit(partial(_take, wanted=wanted, owners=self._owners))
            taken = full is None
        finally:
            if taken:
                self._holders.add(holder)
            elif is_new:
                self._holders.discard(holder)
        return full

    async def look(self, asks: Sequence[Ask]) -> Full | None:
        """See `ports.limiter.Limiter`."""
        if not asks:
            return None
        wanted = _Wanted(_NOBODY, tuple(asks))
        found = await self._readers.run(partial(_rooms, wanted=wanted, us=self._owners.name))
        if not any(isinstance(one, Full) for one in found.values()):
            return None
        return await self._writer.submit(partial(_look, wanted=wanted, owners=self._owners))

    async def give_back(self, holder: str) -> None:
        """See `ports.limiter.Limiter`."""
        self._holders.discard(holder)
        held = {"holder": holder, "us": self._owners.name}
        await self._writer.submit(
            lambda session: session.executemany(session.sql.GIVE_BACK, [held])
        )

    def mend(self) -> "asyncio.Future[None]":
        """Give back once more what a database may hold that has forgotten, in a crash, that it was given back."""
        return self._writer.submit(self._mended)

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
        return await self._readers.run(partial(_standings, owners=self._owners))

    def _mended(self, session: Session) -> None:
        # In the writer's thread: whatever was asked for up to here is among the holders, and nothing else was stored.
        named = {"us": self._owners.name, "holders": json.dumps(sorted(self._holders))}
        session.execute(session.sql.FORGET_SLOTS, named)

    async def _names(self) -> list[str]:
        found = await self._readers.run(
            lambda session: session.execute(session.sql.CAPS).fetchall()
        )
        return [str(row[0]) for row in found]


@dataclass(frozen=True, slots=True)
class _Wanted:
    holder: str
    asks: tuple[Ask, ...]

    @property
    def named(self) -> dict[str, object]:
        return {"names": json.dumps([ask.name for ask in self.asks]), "holder": self.holder}


_Room = Full | Level | None


def _take(session: Session, wanted: _Wanted, owners: Owners) -> Full | None:
    found = _rooms_of_the_living(session, wanted, owners)
    full = _in_the_way(found)
    if full is not None:
        return full
    slots = [{"name": name, "holder": wanted.holder, "owner": owners.name} for name in found]
    if slots:
        session.executemany(session.sql.TAKE_SLOT, slots)
    drained = [
        {"limit_name": name, "level": level.micro, "at_us": level.at_us}
        for name, level in found.items()
        if isinstance(level, Level)
    ]
    if drained:
        session.executemany(session.sql.DRAIN_CAP, drained)
    return None


def _look(session: Session, wanted: _Wanted, owners: Owners) -> Full | None:
    return _in_the_way(_rooms_of_the_living(session, wanted, owners))


def _in_the_way(found: dict[str, _Room]) -> Full | None:
    return next((one for one in found.values() if isinstance(one, Full)), None)


def _rooms_of_the_living(session: Session, wanted: _Wanted, owners: Owners) -> dict[str, _Room]:
    """Return the room under each name once what dead processes hold is free, where there is none otherwise."""
    found = _rooms(session, wanted, owners.name)
    if _in_the_way(found) is not None and _free_the_dead(session, wanted, owners):
        return _rooms(session, wanted, owners.name)
    return found


def _rooms(session: Session, wanted: _Wanted, us: str) -> dict[str, _Room]:
    """Return the room under each name that the holder does not have yet."""
    asks = {ask.name: ask for ask in wanted.asks}
    found: dict[str, _Room] = {}
    for name, *limit, used, held_by, now_us in session.execute(session.sql.ROOM, wanted.named):
        if held_by == us:
            continue
        known, level = _limit(name, limit)
        full_or_left = room(asks[name], known, int(used), level, int(now_us))
        elsewhere = Full(name, int(used), asks[name].bound(known))
        found[name] = full_or_left if held_by is None else elsewhere
    return found


def _free_the_dead(session: Session, wanted: _Wanted, owners: Owners) -> bool:
    """Free what processes that died hold; return whether there was anything."""
    named = wanted.named | {"us": owners.name}
    others = [str(name) for (name,) in session.execute(session.sql.OTHER_HOLDERS, named).fetchall()]
    dead = [name for name in others if not owners.is_alive(session, name)]
    if dead:
        session.execute(session.sql.FREE_SLOTS, {"owners": json.dumps(dead)})
    return bool(dead)


def _standings(session: Session, owners: Owners) -> list[LimitStanding]:
    used: Counter[str] = Counter()
    alive: dict[str, bool] = {}
    for name, owner, count in session.execute(session.sql.SLOTS_USED).fetchall():
        if owner not in alive:
            alive[owner] = owners.is_alive(session, owner)
        used[name] += int(count) if alive[owner] else 0
    found: dict[str, LimitStanding] = {}
    for name, *limit, now_us in session.execute(session.sql.CAPS).fetchall():
        known, level = _limit(name, limit)
        left = None
        if known is not None and known.per_minute is not None:
            left = level.filled(known, int(now_us)).whole
        found[name] = LimitStanding(known or Limit(name), used[name], left)
    for name in used.keys() - found.keys():
        if used[name]:
            found[name] = LimitStanding(Limit(name), used[name])
    return [found[name] for name in sorted(found)]


def _limit(name: str, columns: Sequence[int | None]) -> tuple[Limit | None, Level]:
    """Return a limit as it is stored; None where there is none of the name."""
    at_once, per_minute, burst, level_micro, filled_us = columns
    if level_micro is None or filled_us is None:
        return None, Level(0, 0)
    return Limit(name, at_once, per_minute, burst), Level(level_micro, filled_us)
