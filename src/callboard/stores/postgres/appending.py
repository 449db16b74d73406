"""Storing what many runs have to say in one statement, and so in one round trip and one commit.

The statement takes the lock of writers, moves the projections of those runs whose log and claim are as their batches
expect, and stores the events, marks and anchors of just these. What it answers with is which.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Final

from callboard.domain.errors import CallboardError
from callboard.domain.events.codec import timestamp
from callboard.ports.event_store import Batch
from callboard.stores.postgres.columns import Bigints, Booleans, Bytes, Column, Ints, Texts
from callboard.stores.postgres.connections import WRITES, columns_of_events
from callboard.stores.relational.jobs import ANCHORED
from callboard.stores.relational.rows import STANDING, columns_of
from callboard.stores.relational.session import Session
from callboard.stores.relational.wholes import Whole, append_wholes, marks_beside
from callboard.stores.relational.work import is_stored, keep_beside

MOVING: Final[dict[str, type[Column]]] = {
    "status": Texts,
    "turns": Ints,
    "tool_calls": Ints,
    "input_tokens": Bigints,
    "output_tokens": Bigints,
    "cache_read_tokens": Bigints,
    "cache_write_tokens": Bigints,
    "reasoning_tokens": Bigints,
    "known_nano_usd": Bigints,
    "has_unknown_cost": Booleans,
    "waiting_for": Texts,
    "waiting_on": Texts,
    "waiting_since": Texts,
    "waiting_until": Texts,
    "step": Texts,
    "updated_at": Texts,
    "ended_at": Texts,
}
"""The columns of a projection that events move, with their types; a test holds them equal to those of the table."""

_FENCE: Final[dict[str, type[Column]]] = {
    "run_id": Texts,
    "epoch": Bigints,
    "expected_head": Bigints,
    "head": Bigints,
    "head_hash": Texts,
}
_EVENT: Final[dict[str, type[Column]]] = {
    "event_run_id": Texts,
    "seq": Bigints,
    "body": Bytes,
    "hash": Texts,
}
_MARK: Final[dict[str, type[Column]]] = {
    "root_id": Texts,
    "facets": Ints,
    "took_ms": Bigints,
    "nano_usd": Bigints,
    "marked_at": Texts,
}


def _arrays(columns: Mapping[str, type[Column]]) -> str:
    return ", ".join(f"%({name}s)s::{kind.type_name}[]" for name, kind in columns.items())


def _names(columns: Iterable[str], of: str = "") -> str:
    return ", ".join(f"{of}{name}" for name in columns)


def _statement() -> str:
    given = _FENCE | MOVING
    events = _EVENT | _MARK
    moved = ", ".join(f"{name} = given.{name}" for name in (*MOVING, "head", "head_hash"))
    statuses = ", ".join(f"'{status}'" for status in sorted(ANCHORED))
    return " ".join(
        (
            f"WITH alone AS MATERIALIZED (SELECT pg_advisory_xact_lock({WRITES})),",
            f"given AS (SELECT given.* FROM alone, unnest({_arrays(given)}) AS given({_names(given)})),",  # noqa: S608 - names of ours, no values
            f"moved AS (UPDATE run SET {moved} FROM given JOIN run AS prior ON prior.run_id = given.run_id",  # noqa: S608 - names of ours, no values
            "WHERE run.run_id = given.run_id AND run.epoch = given.epoch AND run.head = given.expected_head",
            "RETURNING run.run_id, run.head, run.head_hash, run.updated_at, run.status,",
            f"({_names(STANDING, 'prior.')}) IS DISTINCT FROM ({_names(STANDING, 'run.')}) AS stirred),",
            "kept AS MATERIALIZED (SELECT told.*, row_number() OVER (ORDER BY told.n) AS place",
            f"FROM unnest({_arrays(events)}) WITH ORDINALITY AS told",
            "(run_id, seq, body, hash, root_id, facets, took_ms, nano_usd, at, n)",
            # Not a join: PostgreSQL, which does not know how many they are, would compare each with each.
            "WHERE (told.run_id IN (SELECT run_id FROM moved)) IS TRUE),",
            "stored AS (INSERT INTO event (run_id, seq, body, hash)",
            "SELECT run_id, seq, body, hash FROM kept ORDER BY place RETURNING position),",
            # Nobody else writes meanwhile: positions have no gap.
            "marked AS (INSERT INTO mark (root_id, position, run_id, facets, took_ms, nano_usd, at)",
            "SELECT root_id, first.position + place - 1, run_id, facets, took_ms, nano_usd, at",
            "FROM kept, (SELECT min(position) AS position FROM stored) AS first),",
            "anchored AS (INSERT INTO anchor (run_id, seq, hash, at)",
            "SELECT run_id, head, head_hash, updated_at FROM moved",
            f"WHERE stirred AND status IN ({statuses}) ORDER BY run_id ON CONFLICT DO NOTHING)",
            "SELECT run_id FROM moved",
        )
    )


APPEND_MANY: Final = _statement()


def append_many(session: Session, batches: Sequence[Batch]) -> list[CallboardError | None]:
    """Store batches; return for each why it was refused, if it was."""
    return append_wholes(batches, partial(_keep, session))


def _keep(session: Session, wholes: Sequence[Whole], batches: Sequence[Batch]) -> set[str]:
    found = session.execute(APPEND_MANY, _columns(wholes, batches))
    moved = {run_id for (run_id,) in found}
    keep_beside(session, [batch for batch in batches if batch.run_id in moved])
    if not session.doubtful:
        return moved
    return moved | {whole.first.run_id for whole in wholes if is_stored(session, whole.last)}


def _columns(wholes: Sequence[Whole], batches: Sequence[Batch]) -> dict[str, Column]:
    rows = [columns_of(whole.last.row) for whole in wholes]
    every = columns_of_events([event for batch in batches for event in batch.events])
    marks = marks_beside(batches)
    columns = {f"{name}s": kind([row[name] for row in rows]) for name, kind in MOVING.items()}
    return columns | {
        "run_ids": Texts([whole.first.run_id for whole in wholes]),
        "epochs": Bigints([whole.first.epoch for whole in wholes]),
        "expected_heads": Bigints([whole.first.expected_head for whole in wholes]),
        "heads": Bigints([whole.end.seq for whole in wholes]),
        "head_hashs": Texts([whole.end.hash for whole in wholes]),
        "event_run_ids": every["run_ids"],
        "seqs": every["seqs"],
        "bodys": every["bodies"],
        "hashs": every["hashes"],
        "root_ids": Texts([batch.row.root_id for batch in batches for _ in batch.events]),
        "facetss": Ints([mark.facets for mark in marks]),
        "took_mss": Bigints([mark.took_ms for mark in marks]),
        "nano_usds": Bigints([mark.nano_usd for mark in marks]),
        "marked_ats": Texts([timestamp(mark.at) for mark in marks]),
    }
