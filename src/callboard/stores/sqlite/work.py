"""What the writer does inside a transaction. Every refusal comes before the first write."""

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import asdict

from callboard.domain.errors import Fenced, RunBusy, RunExists
from callboard.domain.events.codec import GENESIS, Blob, Sealed, timestamp
from callboard.domain.run_row import RunRow
from callboard.domain.thread_mark import Mark
from callboard.ports.event_store import Batch, Claim, Signal
from callboard.stores.rules import check_batch, marks_of, unknown_run
from callboard.stores.sqlite import sql
from callboard.stores.sqlite.rows import (
    columns_of,
    columns_of_mark,
    columns_of_signal,
    first_columns_of,
)

_ANCHORED = frozenset({"waiting", "completed", "failed", "cancelled"})
"""The standings in which a run's log goes into the deployment's log."""


def create(
    connection: sqlite3.Connection,
    events: Sequence[Sealed],
    row: RunRow,
    blobs: Sequence[Blob],
    owner: str,
) -> Claim:
    """Store a new run, owned by `owner` in epoch 1.

    Raises:
        RunExists: the id is taken.
    """
    head, head_hash = (events[-1].seq, events[-1].hash) if events else (0, GENESIS)
    claim = {"epoch": 1, "owner": owner, "head": head, "head_hash": head_hash}
    if not connection.execute(sql.CREATE, first_columns_of(row) | claim).rowcount:
        raise RunExists(f"a run {row.run_id} exists already")
    _insert(connection, row.root_id, events, marks_of(events, row.updated_at))
    _keep(connection, blobs)
    if len(events) > 1 or row.status in _ANCHORED:  # a fork has a past already
        _anchor(connection, events[-1], row)
    return Claim(row.run_id, 1, head, head_hash)


def claim(
    connection: sqlite3.Connection, run_id: str, owner: str, is_alive: Callable[[str], bool]
) -> Claim:
    """Make `owner` the owner of a run that no living other process owns.

    Raises:
        UnknownThing: no such run.
        RunBusy: its owner is another one and alive.
    """
    stand = connection.execute(sql.STAND, {"run_id": run_id}).fetchone()
    if stand is None:
        raise unknown_run(run_id)
    epoch, present, head, head_hash = stand
    if present is not None and present != owner and is_alive(present):
        raise RunBusy(f"another process drives run {run_id}")
    connection.execute(sql.TAKE, {"run_id": run_id, "owner": owner})
    return Claim(run_id, epoch + 1, head, head_hash)


def append(connection: sqlite3.Connection, batch: Batch) -> None:
    """Store a batch where the log and the claim are as it expects.

    Raises:
        Fenced: they are not.
        LogError: the batch itself has a gap.
    """
    check_batch(batch)
    last = batch.events[-1]
    columns = columns_of(batch.row)
    columns["run_id"] = batch.run_id
    columns["epoch"] = batch.epoch
    columns["expected_head"] = batch.expected_head
    columns["head"] = last.seq
    columns["head_hash"] = last.hash
    stands_as_before = connection.execute(sql.APPEND, columns).rowcount
    if not (stands_as_before or connection.execute(sql.APPEND_STANDING, columns).rowcount):
        raise Fenced(
            f"run {batch.run_id}: not at event {batch.expected_head} in epoch {batch.epoch} any more"
        )
    marks = batch.marks or marks_of(batch.events, batch.row.updated_at)
    _insert(connection, batch.row.root_id, batch.events, marks)
    _keep(connection, batch.blobs)
    if batch.attempts:
        connection.executemany(sql.SETTLE_ATTEMPT, [asdict(row) for row in batch.attempts])
    if not stands_as_before and batch.row.status in _ANCHORED:
        _anchor(connection, last, batch.row)


def release(connection: sqlite3.Connection, claim: Claim, owner: str) -> None:
    """Leave a run without an owner, if the claim is still the one in force."""
    params = {"run_id": claim.run_id, "epoch": claim.epoch, "us": owner}
    connection.execute(sql.RELEASE, params)


def abandon(connection: sqlite3.Connection, run_id: str, owner: str) -> None:
    """Leave a run without an owner, if it is ours."""
    connection.execute(sql.ABANDON, {"run_id": run_id, "us": owner})


def record_signal(connection: sqlite3.Connection, signal: Signal) -> None:
    """Store a signal, once.

    Raises:
        UnknownThing: no such run.
    """
    require_run(connection, signal.run_id)
    connection.execute(sql.SIGNAL, columns_of_signal(signal))


def consume(connection: sqlite3.Connection, signals: Sequence[Signal]) -> None:
    """Mark signals as consumed."""
    keys = [{"run_id": signal.run_id, "signal_key": signal.key} for signal in signals]
    connection.executemany(sql.CONSUME, keys)


def require_run(connection: sqlite3.Connection, run_id: str) -> None:
    """Do nothing where the run exists.

    Raises:
        UnknownThing: no such run.
    """
    (found,) = connection.execute(sql.EXISTS, {"run_id": run_id}).fetchone()
    if not found:
        raise unknown_run(run_id)


def _anchor(connection: sqlite3.Connection, last: Sealed, row: RunRow) -> None:
    """Put the end of a run's log into the deployment's log, in the same transaction."""
    columns = {"run_id": last.run_id, "seq": last.seq, "hash": last.hash}
    connection.execute(sql.ANCHOR, columns | {"at": timestamp(row.updated_at)})


def _insert(
    connection: sqlite3.Connection, root_id: str, events: Sequence[Sealed], marks: Sequence[Mark]
) -> None:
    """Store events, each with its mark in the thread of their root."""
    if not events:
        return
    connection.executemany(
        sql.INSERT_EVENT,
        [{"run_id": e.run_id, "seq": e.seq, "body": e.body, "hash": e.hash} for e in events],
    )
    # nobody else writes meanwhile: the positions of these events have no gap
    (last,) = connection.execute("SELECT last_insert_rowid()").fetchone()
    first = last - len(events) + 1
    connection.executemany(
        sql.MARK,
        [
            columns_of_mark(root_id, first + offset, sealed.run_id, mark)
            for offset, (sealed, mark) in enumerate(zip(events, marks, strict=True))
        ],
    )


def _keep(connection: sqlite3.Connection, blobs: Sequence[Blob]) -> None:
    if blobs:
        contents = [{"sha256": blob.sha256, "content": blob.content} for blob in blobs]
        connection.executemany(sql.INSERT_BLOB, contents)
