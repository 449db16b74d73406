"""The statements about limits; see `statements`, which writes them out with the others."""

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Integer,
    Text,
    bindparam,
    cast,
    delete,
    exists,
    func,
    literal_column,
    select,
    update,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ClauseElement
from sqlalchemy.sql.functions import FunctionElement

from callboard.stores.relational.spelling import listed, members, upsert
from callboard.stores.tables import cap, owner, slot, told_room

_TELLS: Final = literal_column("'0015'", Text)
"""Since this revision processes tell which room they hold; what older ones take is on the disk when they have it."""
_NOBODY: Final = literal_column("''", Text)
"""Told what it holds when everybody has who lives."""

_LIMIT: Final = (cap.c.at_once, cap.c.per_minute, cap.c.burst, cap.c.level_micro, cap.c.filled_us)


class _NowUs(FunctionElement[int]):
    """The time by the clock of the database, in microseconds since 1970."""

    name = "now_us"
    type = BigInteger()
    inherit_cache = True


@compiles(_NowUs, "sqlite")
def _now_sqlite(element: _NowUs, compiler: SQLCompiler, **more: Any) -> str:
    del element, compiler, more
    return "CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)"


@compiles(_NowUs, "postgresql")
def _now_postgres(element: _NowUs, compiler: SQLCompiler, **more: Any) -> str:
    del element, compiler, more
    return "CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)"


def _room() -> ClauseElement:
    """Return all that it takes to say whether there is room under some names, in one look."""
    asked = members("names")
    name = asked.c.value
    used = select(func.count()).select_from(slot).where(slot.c.name == name).scalar_subquery()
    all_told = select(exists().where(told_room.c.owner == _NOBODY)).scalar_subquery()
    held = select(slot.c.owner).where(slot.c.name == name, slot.c.holder == bindparam("holder"))
    return select(name, *_LIMIT, used, held.scalar_subquery(), all_told, _NowUs()).select_from(
        asked.outerjoin(cap, cap.c.name == name)
    )


def limits() -> dict[str, ClauseElement]:
    """Return the statements by name."""
    this = cap.c.name == bindparam("limit_name")
    given = {column.name: bindparam(column.name, type_=column.type) for column in cap.c}
    setting = upsert(cap).values(given)
    bounds = {name: setting.excluded[name] for name in ("at_once", "per_minute", "burst")}
    taking = upsert(slot).values({c.name: bindparam(c.name, type_=Text) for c in slot.c})
    others = select(slot.c.owner).where(slot.c.owner != bindparam("us")).distinct()
    levels = {
        "level_micro": bindparam("level", type_=BigInteger),
        "filled_us": bindparam("at_us", type_=BigInteger),
    }
    used = select(slot.c.name, slot.c.owner, cast(func.count(), Integer))
    return {
        "ROOM": _room(),
        "TAKE_SLOT": taking.on_conflict_do_update(
            index_elements=["name", "holder"], set_={"owner": taking.excluded.owner}
        ),
        "GIVE_BACK": delete(slot).where(
            slot.c.holder == bindparam("holder"), slot.c.owner == bindparam("us")
        ),
        "FORGET_SLOTS": delete(slot).where(
            slot.c.owner == bindparam("us"), slot.c.holder.not_in(listed("holders"))
        ),
        "TELL_ROOM": upsert(told_room)
        .values(owner=bindparam("owner", type_=Text))
        .on_conflict_do_nothing(),
        "UNTOLD": select(owner.c.name).where(
            owner.c.revision >= _TELLS, owner.c.name.not_in(select(told_room.c.owner))
        ),
        "OTHER_HOLDERS": others.where(slot.c.name.in_(listed("names"))),
        "FREE_SLOTS": delete(slot).where(slot.c.owner.in_(listed("owners"))),
        "SLOTS_USED": used.group_by(slot.c.name, slot.c.owner),
        "SET_CAP": setting.on_conflict_do_update(index_elements=["name"], set_=bounds),
        "DRAIN_CAP": update(cap).where(this).values(levels),
        "CORRECT_CAP": update(cap)
        .where(this)
        .values(level_micro=cap.c.level_micro - bindparam("by_micro", type_=BigInteger)),
        "EMPTY_CAPS": update(cap).values(
            level_micro=literal_column("0", BigInteger), filled_us=_NowUs()
        ),
        "REMOVE_CAP": delete(cap).where(this),
        "CAPS": select(cap.c.name, *_LIMIT, _NowUs()).order_by(cap.c.name),
    }
