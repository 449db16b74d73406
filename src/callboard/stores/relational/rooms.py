"""Room under limits as rows: what is asked and changed about it in one transaction.

What is taken need not be on the disk when it is said to be there. A server that crashes forgets who told which room they
hold (the table `told_room`), and until each living process has told so again, nobody is given room that is bounded. That
all have is told there as well, for nobody, whose name is "".
"""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Final

from callboard.engine.pacing import Ask, Full, Level, Limit, LimitStanding, room
from callboard.stores.relational.owners import Owners
from callboard.stores.relational.session import Session

_NOBODY: Final = ""
_SOON_S: Final = 0.1


@dataclass(frozen=True, slots=True)
class Wanted:
    """Room that a holder asks for, under some names; nobody's is looked at only."""

    asks: tuple[Ask, ...]
    holder: str = _NOBODY

    @property
    def named(self) -> dict[str, object]:
        """The parameters of the statements about it."""
        return {"names": json.dumps([ask.name for ask in self.asks]), "holder": self.holder}


@dataclass(frozen=True, slots=True)
class Room:
    """What was found: what there is under each name that the holder does not have yet, under which ones it does, and
    whether all told what they hold.
    """

    new: dict[str, Full | Level | None]
    had: frozenset[str]
    all_told: bool

    @property
    def full(self) -> Full | None:
        """What is in the way."""
        return next((one for one in self.new.values() if isinstance(one, Full)), None)


class Held:
    """What this process holds: names by holder. Transactions keep it, one behind the other; one that is done again, or in
    vain, leaves it right. Whoever gives back is forgotten at once, and again when the database is told.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._names: dict[str, frozenset[str]] = {}

    def keep(self, holder: str, asked: Iterable[str], had: Iterable[str]) -> None:
        """Of the names that were asked for, keep those that the holder has."""
        with self._lock:
            names = self._names.pop(holder, frozenset()).difference(asked).union(had)
            if names:
                self._names[holder] = names

    def forget(self, holder: str) -> None:
        """Keep nothing of a holder."""
        with self._lock:
            self._names.pop(holder, None)

    def by_holder(self) -> dict[str, frozenset[str]]:
        """Return all of it."""
        with self._lock:
            return dict(self._names)


def find_room(session: Session, wanted: Wanted, us: str) -> Room:
    """Return the room that there is, without changing anything."""
    asks = {ask.name: ask for ask in wanted.asks}
    new: dict[str, Full | Level | None] = {}
    had: set[str] = set()
    all_told = True
    for name, *columns, used, owner, all_told, now_us in session.execute(
        session.sql.ROOM, wanted.named
    ):
        limit, level = _limit(name, columns)
        bound = asks[name].bound(limit)
        is_bounded = bound is not None or (limit is not None and limit.per_minute is not None)
        if owner == us:
            had.add(name)
        elif owner is not None:
            new[name] = Full(name, int(used), bound)
        elif is_bounded and not all_told:
            new[name] = Full(name, int(used), bound, _SOON_S)
        else:
            new[name] = room(asks[name], limit, int(used), level, int(now_us))
    return Room(new, frozenset(had), bool(all_told))


def make_room(session: Session, wanted: Wanted, owners: Owners, held: Held) -> Room:
    """Return the room that there is once all told what they hold who live, and what the dead hold is free where there is
    none otherwise.
    """
    found = find_room(session, wanted, owners.name)
    if not found.all_told:
        _tell_all(session, owners, held)
        found = find_room(session, wanted, owners.name)
    if found.full is not None and _free_the_dead(session, wanted, owners):
        return find_room(session, wanted, owners.name)
    return found


def take_room(session: Session, wanted: Wanted, owners: Owners, held: Held) -> Full | None:
    """Take room under all of the names; or under none, and return what is in the way."""
    found = make_room(session, wanted, owners, held)
    full = found.full
    has = found.had if full is not None else found.had | found.new.keys()
    held.keep(wanted.holder, (ask.name for ask in wanted.asks), has)
    if full is not None:
        return full
    _write(session, owners.name, ((name, wanted.holder) for name in found.new))
    drained = [
        {"limit_name": name, "level": level.micro, "at_us": level.at_us}
        for name, level in found.new.items()
        if isinstance(level, Level)
    ]
    if drained:
        session.executemany(session.sql.DRAIN_CAP, drained)
    return None


def give_back_room(session: Session, holder: str, owners: Owners, held: Held) -> None:
    """Give back all that a holder of this process has."""
    held.forget(holder)
    session.executemany(session.sql.GIVE_BACK, [{"holder": holder, "us": owners.name}])


def tell_room(session: Session, owners: Owners, held: Held) -> None:
    """Say which room this process holds, whatever the database knew of it."""
    every = held.by_holder()
    named = {"us": owners.name, "holders": json.dumps(list(every))}
    session.execute(session.sql.FORGET_SLOTS, named)
    _write(session, owners.name, ((name, holder) for holder in every for name in every[holder]))
    session.executemany(session.sql.TELL_ROOM, [{"owner": owners.name}])


def room_standings(session: Session, owners: Owners) -> list[LimitStanding]:
    """Return all limits that were set, and all names under which something goes on, by name."""
    used: Counter[str] = Counter()
    alive: dict[str, bool] = {}
    for name, owner, count in session.execute(session.sql.SLOTS_USED).fetchall():
        if owner not in alive:
            alive[owner] = owners.is_alive(session, owner)
        used[name] += int(count) if alive[owner] else 0
    found: dict[str, LimitStanding] = {}
    for name, *columns, now_us in session.execute(session.sql.CAPS).fetchall():
        known, level = _limit(name, columns)
        left = None
        if known is not None and known.per_minute is not None:
            left = level.filled(known, int(now_us)).whole
        found[name] = LimitStanding(known or Limit(name), used[name], left)
    for name in used.keys() - found.keys():
        if used[name]:
            found[name] = LimitStanding(Limit(name), used[name])
    return [found[name] for name in sorted(found)]


def _write(session: Session, owner: str, held: Iterable[tuple[str, str]]) -> None:
    slots = [{"name": name, "holder": holder, "owner": owner} for name, holder in held]
    if slots:
        session.executemany(session.sql.TAKE_SLOT, slots)


def _tell_all(session: Session, owners: Owners, held: Held) -> None:
    """Tell what this process holds, and that all have told where nobody else who lives has yet to."""
    tell_room(session, owners, held)
    untold = [str(name) for (name,) in session.execute(session.sql.UNTOLD).fetchall()]
    if not any(owners.is_alive(session, name) for name in untold):
        session.execute(session.sql.EMPTY_CAPS)  # nobody knows what of them was taken and forgotten
        session.executemany(session.sql.TELL_ROOM, [{"owner": _NOBODY}])


def _free_the_dead(session: Session, wanted: Wanted, owners: Owners) -> bool:
    """Free what processes that died hold; return whether there was anything."""
    named = wanted.named | {"us": owners.name}
    others = [str(name) for (name,) in session.execute(session.sql.OTHER_HOLDERS, named).fetchall()]
    dead = [name for name in others if not owners.is_alive(session, name)]
    if dead:
        session.execute(session.sql.FREE_SLOTS, {"owners": json.dumps(dead)})
    return bool(dead)


def _limit(name: str, columns: Sequence[int | None]) -> tuple[Limit | None, Level]:
    """Return a limit as it is stored; None where there is none of the name."""
    at_once, per_minute, burst, level_micro, filled_us = columns
    if level_micro is None or filled_us is None:
        return None, Level(0, 0)
    return Limit(name, at_once, per_minute, burst), Level(level_micro, filled_us)
