"""The statements about what lies in the archive; see `statements`, which writes them out with the others."""

from typing import Final

from sqlalchemy import BigInteger, Integer, Text, bindparam, delete, literal_column, select, update
from sqlalchemy.sql.elements import ClauseElement

from callboard.stores.relational.spelling import flag, holds, listed, upsert
from callboard.stores.relational.thread_statements import tree
from callboard.stores.tables import blob, event, mark, run, shelf, signal

_zero: Final = literal_column("0", Integer)
_one: Final = literal_column("1", Integer)
_nothing: Final = literal_column("NULL", Text)
_nobody: Final = literal_column("''", Text)


def shelves() -> dict[str, ClauseElement]:
    """Return the statements by name."""
    return _looks() | _changes()


def _looks() -> dict[str, ClauseElement]:
    due = select(run.c.run_id, run.c.ended_at).where(
        run.c.parent_id.is_(None),
        run.c.status.in_(listed("statuses")),
        run.c.ended_at < bindparam("before", type_=Text),
        run.c.run_id.not_in(select(shelf.c.run_id)),
    )
    below = run.c.run_id.in_(select(tree().c.run_id))
    logs = select(run.c.run_id, run.c.head, run.c.head_hash, run.c.status).where(below)
    order = select(event.c.run_id).where(event.c.run_id.in_(select(tree().c.run_id)))
    lying = select(shelf.c.run_id, shelf.c.file, shelf.c.at)
    in_file = (flag("any_file")) | (shelf.c.file == bindparam("file"))
    referring = select(event.c.position, event.c.body).where(
        event.c.position > bindparam("after", type_=BigInteger), holds(event.c.body, "text")
    )
    return {
        "DUE": due.order_by(run.c.ended_at, run.c.run_id),
        "LOGS_BELOW": logs.order_by(run.c.run_id),
        "ORDER_BELOW": order.order_by(event.c.position),
        "LIES_IN": select(shelf.c.file).where(shelf.c.run_id == bindparam("run_id")),
        "LIE_IN": select(shelf.c.file).where(shelf.c.run_id.in_(listed("run_ids"))),
        "SHELVED": lying.where(in_file).order_by(shelf.c.file, shelf.c.run_id),
        "REFERRING": referring.order_by(event.c.position).limit(bindparam("limit")).offset(_zero),
        "EVERY_BLOB": select(blob.c.sha256),
    }


def _changes() -> dict[str, ClauseElement]:
    these = listed("run_ids")
    let_go = update(run).where(run.c.run_id.in_(these))
    return {
        "TAKE_EVENTS": delete(event).where(event.c.run_id.in_(these)),
        "TAKE_MARKS": delete(mark).where(mark.c.root_id == bindparam("root_id")),
        "TAKE_SIGNALS": delete(signal).where(signal.c.run_id.in_(these)),
        "LET_GO": let_go.values(epoch=run.c.epoch + _one, owner=_nothing),
        "SHELVE": upsert(shelf),
        "FORGET_PLACE": delete(event).where(event.c.run_id == _nobody),
        "KEEP_PLACE": upsert(event),
        "REMOVE_BLOBS": delete(blob).where(blob.c.sha256.in_(listed("wanted"))),
    }
