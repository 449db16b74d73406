"""What the writer does inside a transaction. Every refusal comes before the first write."""

from collections.abc import Sequence
from dataclasses import asdict

from callboard.domain.errors import CallboardError, Fenced, RunArchived, RunBusy, RunExists
from callboard.domain.events.codec import GENESIS, Blob, Sealed, timestamp
from callboard.domain.run_row import RunRow
from callboard.domain.thread_mark import Mark
from callboard.ports.event_store import Batch, Claim, Signal
from callboard.stores.relational.owners import Owners
from callboard.stores.relational.rows import (
    columns_of,
    columns_of_mark,
    columns_of_signal,
    first_columns_of,
)
from callboard.stores.relational.session import Session
from callboard.stores.relational.shelves import file_of
from callboard.stores.rules import check_batch, marks_of, unknown_run

ANCHORED = frozenset({"waiting", "completed", "failed", "cancelled"})
"""The standings in which a run's log goes into the deployment's log."""


def create(
    session: Session,
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
    if not session.execute(session.sql.CREATE, first_columns_of(row) | claim).rowcount:
        if session.doubtful and _stands(session, row.run_id) == (1, owner, head, head_hash):
            return Claim(row.run_id, 1, head, head_hash)
        raise RunExists(f"a run {row.run_id} exists already")
    _insert(session, events, [(row.root_id, mark) for mark in marks_of(events, row.updated_at)])
    _keep(session, blobs)
    if len(events) > 1 or row.status in ANCHORED:  # a fork has a past already
        _anchor(session, events[-1], row)
    return Claim(row.run_id, 1, head, head_hash)


def claim(session: Session, run_id: str, owners: Owners) -> Claim:
    """Make this process the owner of a run that no living other process owns.

    Raises:
        UnknownThing: no such run.
        RunArchived: it lies in the archive.
        RunBusy: its owner is another one and alive.
    """
    stand = _stands(session, run_id)
    if stand is None:
        raise unknown_run(run_id)
    require_here(session, run_id)
    epoch, present, head, head_hash = stand
    if present not in (None, owners.name) and owners.is_alive(session, present):
        raise RunBusy(f"another process drives run {run_id}")
    session.execute(session.sql.TAKE, {"run_id": run_id, "owner": owners.name})
    return Claim(run_id, epoch + 1, head, head_hash)


def append_all(session: Session, batches: Sequence[Batch]) -> list[CallboardError | None]:
    """Store batches, in order, where their logs and claims are as they expect; return for each why it was refused, if it
    was. What they have to say is stored together: most of the time goes into how often a statement is begun.
    """
    refusals: list[CallboardError | None] = []
    accepted: list[Batch] = []
    for batch in batches:
        try:
            stands_as_before = _move(session, batch)
        except CallboardError as refusal:
            refusals.append(refusal)
            continue
        refusals.append(None)
        if stands_as_before is None:
            continue
        accepted.append(batch)
        if not stands_as_before and batch.row.status in ANCHORED:
            _anchor(session, batch.events[-1], batch.row)
    _insert_all(session, accepted)
    return refusals


def _move(session: Session, batch: Batch) -> bool | None:
    """Let a run's projection and the end of its log be what a batch makes of them; return whether it stands as before,
    or None where all of the batch is stored already.

    Raises:
        Fenced: the log or the claim is not as it expects.
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
    if session.execute(session.sql.APPEND, columns).rowcount:
        return True
    if session.execute(session.sql.APPEND_STANDING, columns).rowcount:
        return False
    if session.doubtful and is_stored(session, batch):
        return None
    raise fenced(batch)


def _insert_all(session: Session, batches: Sequence[Batch]) -> None:
    events = [event for batch in batches for event in batch.events]
    marks = [
        (batch.row.root_id, mark)
        for batch in batches
        for mark in batch.marks or marks_of(batch.events, batch.row.updated_at)
    ]
    _insert(session, events, marks)
    keep_beside(session, batches)


def keep_beside(session: Session, batches: Sequence[Batch]) -> None:
    """Store what batches bring along beside their events."""
    _keep(session, [blob for batch in batches for blob in batch.blobs])
    settled = [asdict(row) for batch in batches for row in batch.attempts]
    if settled:
        session.executemany(session.sql.SETTLE_ATTEMPT, settled)


def fenced(batch: Batch) -> Fenced:
    """Return why a batch is refused whose log or claim is not as it expects."""
    return Fenced(
        f"run {batch.run_id}: not at event {batch.expected_head} in epoch {batch.epoch} any more"
    )


def is_stored(session: Session, batch: Batch) -> bool:
    """Return whether a log ends with just this batch, stored in its epoch."""
    stand = _stands(session, batch.run_id)
    if stand is None:
        return False
    epoch, _, head, head_hash = stand
    return (epoch, head, head_hash) == (batch.epoch, batch.events[-1].seq, batch.events[-1].hash)


def release(session: Session, claim: Claim, owner: str) -> None:
    """Leave a run without an owner, if the claim is still the one in force."""
    params = {"run_id": claim.run_id, "epoch": claim.epoch, "us": owner}
    session.execute(session.sql.RELEASE, params)


def abandon(session: Session, run_id: str, owner: str) -> None:
    """Leave a run without an owner, if it is ours."""
    session.execute(session.sql.ABANDON, {"run_id": run_id, "us": owner})


def record_signal(session: Session, signal: Signal) -> None:
    """Store a signal, once.

    Raises:
        UnknownThing: no such run.
        RunArchived: it lies in the archive.
    """
    require_run(session, signal.run_id)
    require_here(session, signal.run_id)
    session.execute(session.sql.SIGNAL, columns_of_signal(signal))


def consume(session: Session, signals: Sequence[Signal]) -> None:
    """Mark signals as consumed."""
    keys = [{"run_id": signal.run_id, "signal_key": signal.key} for signal in signals]
    session.executemany(session.sql.CONSUME, keys)


def require_run(session: Session, run_id: str) -> None:
    """Do nothing where the run exists.

    Raises:
        UnknownThing: no such run.
    """
    (found,) = session.execute(session.sql.EXISTS, {"run_id": run_id}).fetchone()
    if not found:
        raise unknown_run(run_id)


def require_here(session: Session, run_id: str) -> None:
    """Do nothing where a run does not lie in the archive.

    Raises:
        RunArchived: it does.
    """
    file = file_of(session, run_id)
    if file is not None:
        raise RunArchived(run_id, file)


def _stands(session: Session, run_id: str) -> tuple[int, str | None, int, str] | None:
    """Return the epoch, the owner and the end of a log."""
    found = session.execute(session.sql.STAND, {"run_id": run_id}).fetchone()
    return None if found is None else tuple(found)


def _anchor(session: Session, last: Sealed, row: RunRow) -> None:
    """Put the end of a run's log into the deployment's log, in the same transaction."""
    columns = {"run_id": last.run_id, "seq": last.seq, "hash": last.hash}
    session.execute(session.sql.ANCHOR, columns | {"at": timestamp(row.updated_at)})


def _insert(session: Session, events: Sequence[Sealed], marks: Sequence[tuple[str, Mark]]) -> None:
    """Store events, each with its mark in the thread of the root that is named with it."""
    if not events:
        return
    first = session.insert_events(events)
    session.executemany(
        session.sql.MARK,
        [
            columns_of_mark(root_id, first + offset, sealed.run_id, mark)
            for offset, (sealed, (root_id, mark)) in enumerate(zip(events, marks, strict=True))
        ],
    )


def _keep(session: Session, blobs: Sequence[Blob]) -> None:
    if blobs:
        contents = [{"sha256": blob.sha256, "content": blob.content} for blob in blobs]
        session.executemany(session.sql.INSERT_BLOB, contents)
