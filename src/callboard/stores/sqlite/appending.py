"""Storing what runs have to say: one by one, or at once for many of them."""

from collections.abc import Sequence
from functools import partial

from callboard.domain.errors import CallboardError
from callboard.ports.event_store import Batch
from callboard.stores.relational.jobs import ANCHORED
from callboard.stores.relational.session import Session
from callboard.stores.relational.wholes import Whole, append_wholes, marks_beside, wholes_of
from callboard.stores.relational.work import anchor_all, keep_beside
from callboard.stores.sqlite.at_once import columns_at_end, store_at_once


def append_many(session: Session, batches: Sequence[Batch]) -> list[CallboardError | None]:
    """Store batches, within a transaction; return for each why it was refused, if it was."""
    return append_wholes(batches, partial(_keep, session))


def append_alone(session: Session, batches: Sequence[Batch]) -> Sequence[CallboardError | None]:
    """Do what `append_many` does as a transaction of its own, which one statement is by itself."""
    if not any(batch.blobs or batch.attempts for batch in batches):
        wholes = wholes_of(batches)
        if len(wholes) > 1 and store_at_once(session, wholes, batches):
            return [None] * len(batches)
    session.begin()
    refusals = append_many(session, batches)
    session.commit()
    return refusals


def _keep(session: Session, wholes: Sequence[Whole], batches: Sequence[Batch]) -> set[str]:
    if len(wholes) > 1 and store_at_once(session, wholes, batches):
        keep_beside(session, batches)
        return {whole.run_id for whole in wholes}
    stored = {whole.run_id for whole in wholes if _is_moved(session, whole)}
    _tell(session, [batch for batch in batches if batch.run_id in stored])
    return stored


def _is_moved(session: Session, whole: Whole) -> bool:
    """Move the projection of a run; return whether its log and claim were as they are expected."""
    columns = columns_at_end(whole)
    columns["epoch"], columns["expected_head"] = whole.expects
    if session.execute(session.sql.APPEND, columns).rowcount:
        return True
    if not session.execute(session.sql.APPEND_STANDING, columns).rowcount:
        return False
    if whole.last.row.status in ANCHORED:
        anchor_all(session, [(whole.end, whole.last.row)])
    return True


def _tell(session: Session, batches: Sequence[Batch]) -> None:
    """Store what batches bring along."""
    events = [event for batch in batches for event in batch.events]
    roots = [batch.row.root_id for batch in batches for _ in batch.events]
    session.insert_events(events, list(zip(roots, marks_beside(batches), strict=True)))
    keep_beside(session, batches)
