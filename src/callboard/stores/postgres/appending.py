"""Storing what many runs have to say in one statement, and so in one round trip and one commit.

The statement takes the lock of writers, moves the projections of those runs whose log and claim are as their batches
expect, and stores the events, marks and anchors of just these. What it answers with is which.
"""

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Final

from callboard.domain.errors import CallboardError
from callboard.domain.events.codec import timestamp
from callboard.ports.event_store import Batch
from callboard.stores.postgres.connections import WRITES, columns_of_events
from callboard.stores.relational.jobs import ANCHORED
from callboard.stores.relational.rows import STANDING, columns_of
from callboard.stores.relational.session import Session
from callboard.stores.relational.wholes import Whole, append_wholes, marks_beside
from callboard.stores.relational.work import is_stored, keep_beside

MOVING: Final = {
    "status": "text",
    "turns": "int",
    "tool_calls": "int",
    "input_tokens": "bigint",
    "output_tokens": "bigint",
    "cache_read_tokens": "bigint",
    "cache_write_tokens": "bigint",
    "reasoning_tokens": "bigint",
    "known_nano_usd": "bigint",
    "has_unknown_cost": "boolean",
    "waiting_for": "text",
    "waiting_on": "text",
    "waiting_since": "text",
    "waiting_until": "text",
    "step": "text",
    "updated_at": "text",
    "ended_at": "text",
}
"""The columns of a projection that events move, with their types; a test holds them equal to those of the table."""

_FENCE: Final = {
    "run_id": "text",
    "epoch": "bigint",
    "expected_head": "bigint",
    "head": "bigint",
    "head_hash": "text",
}
_MARK: Final = {
    "facets": "int",
    "took_ms": "bigint",
    "nano_usd": "bigint",
    "marked_at": "text",
}


def _arrays(columns: dict[str, str]) -> str:
    return ", ".join(f"%({name}s)s::{kind}[]" for name, kind in columns.items())


def _names(columns: Iterable[str], of: str = "") -> str:
    return ", ".join(f"{of}{name}" for name in columns)


def _statement() -> str:
    given = _FENCE | MOVING
    events = {"event_run_id": "text", "seq": "bigint", "body": "bytea", "hash": "text"} | _MARK
    moved = ", ".join(f"{name} = given.{name}" for name in (*MOVING, "head", "head_hash"))
    statuses = ", ".join(f"'{status}'" for status in sorted(ANCHORED))
    return " ".join(
        (
            f"WITH alone AS MATERIALIZED (SELECT pg_advisory_xact_lock({WRITES})),",
            f"given AS (SELECT given.* FROM alone, unnest({_arrays(given)}) AS given({_names(given)})),",  # noqa: S608 - names of ours, no values
            f"told AS (SELECT * FROM unnest({_arrays(events)}) WITH ORDINALITY AS told",  # noqa: S608 - names of ours, no values
            "(run_id, seq, body, hash, facets, took_ms, nano_usd, at, n)),",
            f"moved AS (UPDATE run SET {moved} FROM given JOIN run AS prior ON prior.run_id = given.run_id",  # noqa: S608 - names of ours, no values
            "WHERE run.run_id = given.run_id AND run.epoch = given.epoch AND run.head = given.expected_head",
            "RETURNING run.run_id, run.root_id, run.head, run.head_hash, run.updated_at, run.status,",
            f"({_names(STANDING, 'prior.')}) IS DISTINCT FROM ({_names(STANDING, 'run.')}) AS stirred),",
            "stored AS (INSERT INTO event (run_id, seq, body, hash)",
            "SELECT told.run_id, told.seq, told.body, told.hash FROM told JOIN moved USING (run_id) ORDER BY told.n",
            "RETURNING position, run_id, seq),",
            "marked AS (INSERT INTO mark (root_id, position, run_id, facets, took_ms, nano_usd, at)",
            "SELECT moved.root_id, stored.position, told.run_id, told.facets, told.took_ms, told.nano_usd, told.at",
            "FROM stored JOIN told USING (run_id, seq) JOIN moved USING (run_id)),",
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


def _columns(wholes: Sequence[Whole], batches: Sequence[Batch]) -> dict[str, object]:
    rows = [columns_of(whole.last.row) for whole in wholes]
    every = columns_of_events([event for batch in batches for event in batch.events])
    marks = marks_beside(batches)
    columns: dict[str, object] = {f"{name}s": [row[name] for row in rows] for name in MOVING}
    return columns | {
        "run_ids": [whole.first.run_id for whole in wholes],
        "epochs": [whole.first.epoch for whole in wholes],
        "expected_heads": [whole.first.expected_head for whole in wholes],
        "heads": [whole.end.seq for whole in wholes],
        "head_hashs": [whole.end.hash for whole in wholes],
        "event_run_ids": every["run_ids"],
        "seqs": every["seqs"],
        "bodys": every["bodies"],
        "hashs": every["hashes"],
        "facetss": [mark.facets for mark in marks],
        "took_mss": [mark.took_ms for mark in marks],
        "nano_usds": [mark.nano_usd for mark in marks],
        "marked_ats": [timestamp(mark.at) for mark in marks],
    }
