"""The statements about threads; see `statements`, which writes them out with the others.

The subtree of a run is looked for only where the run is not a root: then all of the root's marks are it.
"""

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Select,
    bindparam,
    case,
    func,
    literal_column,
    select,
)
from sqlalchemy.sql.elements import ClauseElement
from sqlalchemy.sql.selectable import CTE

from callboard.domain.thread_mark import (
    BEGINS,
    BY_MODEL,
    BY_TOOL,
    DECISIONS,
    FACETS,
    FAILURES,
    SHARED,
)
from callboard.stores.relational.spelling import BEYOND, flag, listed_numbers, says
from callboard.stores.tables import event, mark, run, shelf

_Chosen = Select[*tuple[Any, ...]]
CLAIM: Final = frozenset({"epoch", "owner", "head", "head_hash"})
"""The columns of a run that are no part of its projection."""
_true: Final = literal_column("1", Integer)
_zero: Final = literal_column("0", Integer)
_sealed: Final = (event.c.position, event.c.run_id, event.c.seq, event.c.body, event.c.hash)


def tree() -> CTE:
    """Return a run and everything below it."""
    found = (
        select(run.c.run_id).where(run.c.run_id == bindparam("run_id")).cte("tree", recursive=True)
    )
    return found.union_all(select(run.c.run_id).where(run.c.parent_id == found.c.run_id))


def _bits(bits: int | ColumnElement[int]) -> ColumnElement[bool]:
    wanted = literal_column(str(bits), Integer) if isinstance(bits, int) else bits
    return mark.c.facets.bitwise_and(wanted) != _zero


def _within(chosen: _Chosen, *, searched: bool = False) -> _Chosen:
    """Narrow a selection of marks to a run and what is below it."""
    within = chosen.where(
        mark.c.root_id == bindparam("root_id"),
        flag("whole") | mark.c.run_id.in_(select(tree().c.run_id)),
    )
    if not searched:
        return within
    found = select(event.c.position).where(
        event.c.position == mark.c.position, says(event.c.body, "text")
    )
    return within.where(flag("any_text") | found.exists())


def _side(*, older: bool) -> _Chosen:
    """Return the nearest marks with a facet on one side of a position."""
    place, edge = mark.c.position, bindparam("edge", type_=BigInteger)
    found = _within(select(place), searched=True).where(
        _bits(bindparam("facet", type_=BigInteger)), place < edge if older else place > edge
    )
    ordered = found.order_by(place.desc() if older else place)
    return ordered.limit(bindparam("limit")).offset(_zero)


def _companions() -> _Chosen:
    """Return the positions of what makes rows together with what is at `positions`: everything shared of the same
    run, from the beginning at or before each of them to the next beginning.
    """
    own, before, behind = mark.alias("own"), mark.alias("earlier"), mark.alias("later")
    begins = literal_column(str(BEGINS), Integer)
    low = (
        select(before.c.position)
        .where(
            before.c.root_id == own.c.root_id,
            before.c.position <= own.c.position,
            before.c.run_id == own.c.run_id,
            before.c.facets.bitwise_and(begins) != _zero,
        )
        .order_by(before.c.position.desc())
        .limit(_true)
        .offset(_zero)
        .scalar_subquery()
    )
    high = (
        select(behind.c.position)
        .where(
            behind.c.root_id == own.c.root_id,
            behind.c.position > own.c.position,
            behind.c.run_id == own.c.run_id,
            behind.c.facets.bitwise_and(begins) != _zero,
        )
        .order_by(behind.c.position)
        .limit(_true)
        .offset(_zero)
        .scalar_subquery()
    )
    bounds = (
        select(
            own.c.run_id,
            func.coalesce(low, _zero).label("low"),
            func.coalesce(high, BEYOND).label("high"),
        )
        .where(
            own.c.root_id == bindparam("root_id"),
            own.c.position.in_(listed_numbers("positions")),
            own.c.facets.bitwise_and(literal_column(str(SHARED), Integer)) != _zero,
        )
        .distinct()
        .cte("bounds")
    )
    return (
        select(mark.c.position)
        .select_from(bounds)
        .join(mark, mark.c.run_id == bounds.c.run_id)
        .where(
            mark.c.root_id == bindparam("root_id"),
            mark.c.position >= bounds.c.low,
            mark.c.position < bounds.c.high,
            _bits(SHARED),
        )
        .distinct()
    )


def _counts() -> _Chosen:
    counted = (
        func.coalesce(func.sum(case((_bits(facet), _true), else_=_zero)), _zero) for facet in FACETS
    )
    return _within(select(*counted))


def _spans() -> _Chosen:
    telling = BY_MODEL | BY_TOOL | DECISIONS | FAILURES
    columns = (
        mark.c.position,
        mark.c.at,
        mark.c.facets,
        mark.c.took_ms,
        mark.c.nano_usd,
    )
    return _within(select(*columns)).where(_bits(telling)).order_by(mark.c.position)


def _behind() -> _Chosen:
    place = mark.c.position
    found = _within(select(place)).where(place > bindparam("edge", type_=BigInteger))
    return found.order_by(place).limit(bindparam("limit")).offset(_zero)


def _arrived() -> _Chosen:
    """Return the last position and those of threads; the position alone where nothing is behind `after`."""
    place = event.c.position
    return (
        select(run.c.root_id, func.max(place))
        .select_from(event)
        .join(run, run.c.run_id == event.c.run_id)
        .where(place > bindparam("after", type_=BigInteger))
        .group_by(run.c.root_id)
    )


def _runs() -> _Chosen:
    columns = [column for column in run.c if column.name not in CLAIM]
    found = select(*columns).where(run.c.run_id.in_(select(tree().c.run_id)))
    return found.order_by(run.c.created_at, run.c.run_id)


def _root() -> _Chosen:
    """Return the root of a run, and the file of the archive that it lies in."""
    found = select(run.c.root_id, shelf.c.file)
    both = found.select_from(run.outerjoin(shelf, shelf.c.run_id == run.c.run_id))
    return both.where(run.c.run_id == bindparam("run_id"))


def threads() -> dict[str, ClauseElement]:
    """Return the statements by name."""
    last = _within(select(mark.c.position)).order_by(mark.c.position.desc())
    at = select(*_sealed).where(event.c.position.in_(listed_numbers("positions")))
    place = select(event.c.position).where(
        event.c.run_id == bindparam("run_id"), event.c.seq == bindparam("seq")
    )
    return {
        "THREAD_OLDER": _side(older=True),
        "THREAD_NEWER": _side(older=False),
        "THREAD_BEHIND": _behind(),
        "THREAD_COMPANIONS": _companions(),
        "THREAD_COUNTS": _counts(),
        "THREAD_SPANS": _spans(),
        "THREAD_HEAD": last.limit(_true).offset(_zero),
        "THREAD_RUNS": _runs(),
        "EVENTS_AT": at.order_by(event.c.position),
        "EVENT_PLACE": place,
        "ARRIVED": _arrived(),
        "LAST_POSITION": select(func.max(event.c.position)),
        "ROOT_OF": _root(),
    }
