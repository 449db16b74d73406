"""Storing what many runs have to say in a few statements, however many they are: see `places.together`."""

from collections.abc import Iterable, Sequence
from functools import partial
from operator import itemgetter
from typing import Any, Final

import orjson

from callboard.domain.errors import CallboardError
from callboard.ports.event_store import Batch
from callboard.stores.relational.jobs import ANCHORED
from callboard.stores.relational.rows import STANDING, Columns, columns_of
from callboard.stores.relational.session import Session
from callboard.stores.relational.wholes import Whole, append_wholes, marks_beside
from callboard.stores.relational.work import anchor_all, keep_beside

MOVING: Final = (
    "turns",
    "tool_calls",
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "reasoning_tokens",
    "known_nano_usd",
    "has_unknown_cost",
    "updated_at",
    "head",
    "head_hash",
)
"""The columns that move with every append. No index is made of them, as there are of those that say how a run stands."""

_STAND: Final = (
    f"SELECT json_group_array(json_array(run_id, epoch, head, {', '.join(STANDING)})) FROM run "  # noqa: S608 - names of ours, no values
    "WHERE run_id IN (SELECT value FROM json_each(:run_ids))"
)


def _update(columns: Iterable[str]) -> str:
    """Return the update of these columns of each run for which there is a row."""
    names = ("run_id", *columns)
    moved = ", ".join(f"{name} = given.{name}" for name in names[1:])
    row = ", ".join(f":{name}" for name in names)
    given = f"WITH given({', '.join(names)}) AS (VALUES ({row}))"
    return f"{given} UPDATE run SET {moved} FROM given WHERE run.run_id = given.run_id"  # noqa: S608 - names of ours, no values


_MOVE: Final = _update(MOVING)
_STIR: Final = _update((*MOVING, *STANDING))
_NOWHERE: Final = (None, None)
_standing: Final = itemgetter(*STANDING)


def append_many(session: Session, batches: Sequence[Batch]) -> list[CallboardError | None]:
    """Store batches, within a transaction; return for each why it was refused, if it was."""
    return append_wholes(batches, partial(_keep, session))


def _keep(session: Session, wholes: Sequence[Whole], batches: Sequence[Batch]) -> set[str]:
    moved, stirred = (
        _move_many(session, wholes) if len(wholes) > 1 else _move_one(session, wholes[0])
    )
    anchor_all(
        session,
        [
            (whole.end, whole.last.row)
            for whole in wholes
            if whole.run_id in stirred and whole.last.row.status in ANCHORED
        ],
    )
    stored = moved | stirred
    _tell(session, [batch for batch in batches if batch.run_id in stored])
    return stored


def _move_one(session: Session, whole: Whole) -> tuple[set[str], set[str]]:
    """Do what `_move_many` does: one statement is quicker where nothing is shared."""
    columns = _columns_of(whole)
    columns["epoch"], columns["expected_head"] = whole.expects
    if session.execute(session.sql.APPEND, columns).rowcount:
        return {whole.run_id}, set()
    if session.execute(session.sql.APPEND_STANDING, columns).rowcount:
        return set(), {whole.run_id}
    return set(), set()


def _move_many(session: Session, wholes: Sequence[Whole]) -> tuple[set[str], set[str]]:
    """Move the projections of those runs whose log and claim are as they are expected; return which of them stand as
    before, and which otherwise.
    """
    stands = _stands(session, wholes)
    moved: dict[str, Columns] = {}
    stirred: dict[str, Columns] = {}
    for whole in wholes:
        epoch, head, *standing = stands.get(whole.run_id, _NOWHERE)
        if (epoch, head) != whole.expects:
            continue
        columns = _columns_of(whole)
        stands_as_before = standing == list(_standing(columns))
        (moved if stands_as_before else stirred)[whole.run_id] = columns
    session.executemany(_MOVE, list(moved.values()))
    session.executemany(_STIR, list(stirred.values()))
    return set(moved), set(stirred)


def _stands(session: Session, wholes: Sequence[Whole]) -> dict[str, list[Any]]:
    """Return for each run where its log ends and how it stands, as one value: each row would be fetched by itself."""
    asked = orjson.dumps([whole.run_id for whole in wholes]).decode()
    (found,) = session.execute(_STAND, {"run_ids": asked}).fetchone()
    return {run_id: stand for run_id, *stand in orjson.loads(found)}


def _tell(session: Session, batches: Sequence[Batch]) -> None:
    """Store what batches bring along."""
    events = [event for batch in batches for event in batch.events]
    roots = [batch.row.root_id for batch in batches for _ in batch.events]
    session.insert_events(events, list(zip(roots, marks_beside(batches), strict=True)))
    keep_beside(session, batches)


def _columns_of(whole: Whole) -> Columns:
    columns = columns_of(whole.last.row)
    columns["head"], columns["head_hash"] = whole.end.seq, whole.end.hash
    return columns
