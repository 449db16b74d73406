"""What many runs have to say, stored by one statement.

Each statement lets go of the interpreter's lock some three times and asks for it again. An event loop that is busy
beside the writer is mostly back first, and each piece that it sends wakes a writer that waits, in vain. So a group is one
row for a view; a trigger, which is what SQLite has for a procedure, does the rest without that lock.
"""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from operator import itemgetter
from typing import Final

import orjson

from callboard.domain.events.codec import timestamp
from callboard.ports.event_store import Batch
from callboard.stores.relational.jobs import ANCHORED
from callboard.stores.relational.rows import STANDING, Columns, columns_of
from callboard.stores.relational.session import Session
from callboard.stores.relational.wholes import Whole, marks_beside
from callboard.stores.sqlite import sql

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

_RUN: Final = ("run_id", "epoch", "expected_head", *MOVING, *STANDING)
_EVENT: Final = ("run_id", "seq", "start", "length", "hash", "root_id", "facets", "took_ms", "nano_usd", "at")  # fmt: skip


def _given(names: Sequence[str]) -> dict[str, str]:
    """Return where a value of a row is found by its name."""
    return {name: f"json_extract(value, '$[{place}]')" for place, name in enumerate(names)}


_run, _event = _given(_RUN), _given(_EVENT)
# A limit that is none: without it each of the columns that are asked for reads its row once more.
_runs: Final = "FROM (SELECT key, value FROM json_each(NEW.runs) LIMIT -1)"
_events: Final = "FROM (SELECT key, value FROM json_each(NEW.events) LIMIT -1)"
_theirs: Final = f"run.run_id = {_run['run_id']}"


def _moved(names: Iterable[str]) -> str:
    """Return the update of these columns of the runs that are given."""
    columns = ", ".join(f"{name} = {_run[name]}" for name in names)
    return f"UPDATE run SET {columns} {_runs} WHERE {_theirs}"  # noqa: S608 - names of ours, no values


def _stored(statement: str, values: Mapping[str, str], rows: str) -> str:
    """Return a statement of `sql.py` that inserts a row, for many rows: with such values in place of its parameters."""
    into, _, rest = statement.partition(" VALUES (")
    names, _, then = rest.partition(")")
    told = ", ".join(values[name.removeprefix(":")] for name in names.split(", "))
    return f"{into} SELECT {told} {rows}{then}"


_as_expected: Final = f"run.epoch = {_run['epoch']} AND run.head = {_run['expected_head']}"
_standing: Final = ", ".join(_run[name] for name in STANDING)
_stand_otherwise: Final = f"({', '.join(f'run.{name}' for name in STANDING)}) IS NOT ({_standing})"
_anchored: Final = ", ".join(f"'{status}'" for status in sorted(ANCHORED))

_anchor: Final = _run | {"seq": _run["head"], "hash": _run["head_hash"], "at": _run["updated_at"]}
_stored_event: Final = _event | {
    "body": f"substr(NEW.bodies, {_event['start']}, {_event['length']})",
    "position": "last_insert_rowid() - NEW.many_events + 1 + key",  # for what is behind the events
}
_to_anchor: Final = (
    f"{_runs} JOIN run ON {_theirs} WHERE {_run['status']} IN ({_anchored}) AND {_stand_otherwise}"
)

_VIEW: Final = "CREATE TEMP VIEW given (runs, many_runs, events, bodies, many_events) AS SELECT NULL, NULL, NULL, NULL, NULL"
_PROCEDURE: Final = f"""
CREATE TEMP TRIGGER store_given INSTEAD OF INSERT ON given BEGIN
  {_moved(MOVING)} AND {_as_expected};
  SELECT RAISE(ABORT, 'a log or a claim is not as it is expected') WHERE changes() <> NEW.many_runs;
  {_stored(sql.ANCHOR, _anchor, _to_anchor)};
  {_moved(STANDING)} AND {_stand_otherwise};
  {_stored(sql.INSERT_EVENT, _stored_event, f"{_events} WHERE TRUE")};
  {_stored(sql.MARK, _stored_event, f"{_events} WHERE TRUE")};
END
"""
_STORE: Final = (
    "INSERT INTO given (runs, many_runs, events, bodies, many_events) "
    "VALUES (:runs, :many_runs, :events, :bodies, :many_events)"
)

_in_order: Final = itemgetter(*MOVING, *STANDING)
_ZERO: Final = b"\\u0000"


def prepare(session: Session) -> None:
    """Let a connection that writes know the procedure. It lasts as long as the connection."""
    # Within a transaction SQLite copies what the statement changes, to be able to take it back alone: not into a file.
    session.execute("PRAGMA temp_store = MEMORY")
    session.execute(_VIEW)
    session.execute(_PROCEDURE)


def store_at_once(session: Session, wholes: Sequence[Whole], batches: Sequence[Batch]) -> bool:
    """Move the projections of runs and store their events, with marks and anchors; return whether it was done: it is for
    all of them or for none, as where a log or a claim is not as it is expected.
    """
    events = [(batch.row.root_id, event) for batch in batches for event in batch.events]
    bodies = [event.body for _, event in events]
    starts = accumulate(map(len, bodies), initial=1)  # and where the last ends
    rows = [
        (run_id, seq, start, len(body), digest, root_id, mark.facets, mark.took_ms, mark.nano_usd, timestamp(mark.at))
        for (root_id, (run_id, seq, body, digest)), mark, start in zip(events, marks_beside(batches), starts, strict=False)
    ]  # fmt: skip
    runs = _as_json([_row_of(whole) for whole in wholes])
    told = _as_json(rows)
    if runs is None or told is None:
        return False
    given = {
        "runs": runs,
        "many_runs": len(wholes),
        "events": told,
        "bodies": b"".join(bodies),
        "many_events": len(bodies),
    }
    try:
        session.execute(_STORE, given)
    except sqlite3.IntegrityError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_CONSTRAINT_TRIGGER:
            return False
        raise
    return True


def columns_at_end(whole: Whole) -> Columns:
    """Return the projection of a run as columns, as it stands behind what is stored."""
    columns = columns_of(whole.last.row)
    columns["head"], columns["head_hash"] = whole.end.seq, whole.end.hash
    return columns


def _row_of(whole: Whole) -> tuple[object, ...]:
    return (whole.run_id, *whole.expects, *_in_order(columns_at_end(whole)))


def _as_json(rows: Sequence[object]) -> str | None:
    """Return rows as SQLite reads them, or None where it would not read them as they are: a character zero ends a text for
    it, numbers beyond 53 bits are not exact, and halves of a surrogate pair are no text at all.
    """
    try:
        text = orjson.dumps(rows, option=orjson.OPT_STRICT_INTEGER)
    except orjson.JSONEncodeError:
        return None
    return None if _ZERO in text else text.decode()
