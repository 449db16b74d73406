"""What the writer does inside a transaction. Every refusal comes before the first write."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict

from callboard.domain.errors import CallboardError, Fenced, RunArchived, RunBusy, RunExists
from callboard.domain.events.codec import Blob, Sealed, timestamp
from callboard.domain.run_row import RunRow
from callboard.ports.event_store import Batch, Claim, Signal
from callboard.stores.relational.jobs import Creation, Release
from callboard.stores.relational.owners import Owners
from callboard.stores.relational.rows import Columns, columns_of_signal, first_columns_of
from callboard.stores.relational.session import Session
from callboard.stores.relational.shelves import file_of
from callboard.stores.rules import marks_of, unknown_run


def create_each(session: Session, creations: Sequence[Creation]) -> list[Claim | CallboardError]:
    """Store new runs, owned by their owners in epoch 1; return for each its claim, or why it was refused."""
    outcomes: list[Claim | CallboardError] = []
    accepted: list[Creation] = []
    for new in creations:
        if session.execute(session.sql.CREATE, columns_of_creation(new)).rowcount:
            accepted.append(new)
        elif not (session.doubtful and _is_created(session, new)):
            outcomes.append(taken(new.row.run_id))
            continue
        outcomes.append(new.claim)
    if accepted:
        fill(session, accepted)
    return outcomes


def _is_created(session: Session, new: Creation) -> bool:
    """Return whether a run stands just as it was created."""
    claim = new.claim
    return _stands(session, claim.run_id) == (1, new.owner, claim.head, claim.head_hash)


def columns_of_creation(new: Creation) -> Columns:
    """Return the row of a new run, its owner's."""
    claim = new.claim
    owned = {"epoch": 1, "owner": new.owner, "head": claim.head, "head_hash": claim.head_hash}
    return first_columns_of(new.row) | owned


def fill(session: Session, created: Sequence[Creation]) -> None:
    """Store the logs of new runs whose rows are there."""
    events = [event for new in created for event in new.events]
    marks = [
        (new.row.root_id, mark)
        for new in created
        for mark in marks_of(new.events, new.row.updated_at)
    ]
    session.insert_events(events, marks)
    _keep(session, [blob for new in created for blob in new.blobs])
    anchor_all(session, [(new.events[-1], new.row) for new in created if new.has_past])


def taken(run_id: str) -> RunExists:
    """Return why a run is not created whose id another one has."""
    return RunExists(f"a run {run_id} exists already")


def claim(session: Session, run_id: str, owners: Owners, above: Claim | None = None) -> Claim:
    """Make this process the owner of a run that no living other process owns, below `above`, if that is given.

    Raises:
        Fenced: the claim of the run above was lost.
        UnknownThing: no such run.
        RunArchived: it lies in the archive.
        RunBusy: its owner is another one and alive.
    """
    stand = _stands(session, run_id)
    if stand is None:
        raise unknown_run(run_id)
    require_here(session, run_id)
    if above is not None:
        require_force(session, above)
    epoch, present, head, head_hash = stand
    if present not in (None, owners.name) and owners.is_alive(session, present):
        raise RunBusy(f"another process drives run {run_id}")
    session.execute(session.sql.TAKE, {"run_id": run_id, "owner": owners.name})
    return Claim(run_id, epoch + 1, head, head_hash)


def require_force(session: Session, claim: Claim) -> None:
    """Do nothing where nobody took a run over since it was claimed.

    Raises:
        Fenced: somebody did.
    """
    stand = _stands(session, claim.run_id)
    if stand is None or stand[0] != claim.epoch:
        raise Fenced(f"run {claim.run_id} was taken over by another process")


def keep_beside(session: Session, batches: Sequence[Batch]) -> None:
    """Store what batches bring along beside their events."""
    _keep(session, [blob for batch in batches for blob in batch.blobs])
    settled = [asdict(row) for batch in batches for row in batch.attempts]
    if settled:
        session.executemany(session.sql.SETTLE_ATTEMPT, settled)


def is_stored(session: Session, batch: Batch) -> bool:
    """Return whether a log ends with just this batch, stored in its epoch."""
    stand = _stands(session, batch.run_id)
    if stand is None:
        return False
    epoch, _, head, head_hash = stand
    return (epoch, head, head_hash) == (batch.epoch, batch.events[-1].seq, batch.events[-1].hash)


def release_all(session: Session, releases: Sequence[Release]) -> None:
    """Leave runs without an owner, if the claims are still those in force."""
    session.executemany(
        session.sql.RELEASE,
        [{"run_id": c.run_id, "epoch": c.epoch, "us": owner} for c, owner in releases],
    )


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


def anchor_all(session: Session, ends: Iterable[tuple[Sealed, RunRow]]) -> None:
    """Put the ends of logs into the deployment's log, in the same transaction."""
    columns = [
        {"run_id": last.run_id, "seq": last.seq, "hash": last.hash, "at": timestamp(row.updated_at)}
        for last, row in ends
    ]
    if columns:
        session.executemany(session.sql.ANCHOR, columns)


def _keep(session: Session, blobs: Sequence[Blob]) -> None:
    if blobs:
        contents = [{"sha256": blob.sha256, "content": blob.content} for blob in blobs]
        session.executemany(session.sql.INSERT_BLOB, contents)
