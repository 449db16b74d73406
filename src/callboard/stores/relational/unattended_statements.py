"""The statements that find what nobody attends to; see `statements`, which writes them out with the others."""

from typing import Any, Final

from sqlalchemy import Select, Text, bindparam, literal_column, select, union
from sqlalchemy.sql.elements import ClauseElement

from callboard.stores.relational.spelling import listed
from callboard.stores.relational.thread_statements import CLAIM
from callboard.stores.tables import record, run

_RUNNING: Final = literal_column("'running'", Text)
_WAITING: Final = literal_column("'waiting'", Text)
_AN_AGENT: Final = literal_column("'an agent'", Text)


def unattended() -> dict[str, ClauseElement]:
    """Return the statements by name."""
    return {
        "STIRRING": _stirring(),
        "STIRRED": _stirred().where(run.c.task.is_not(None)),
        "LOST": _stirred().where(run.c.task.is_(None), run.c.parent_id.is_(None)),
        "ADRIFT": _adrift(),
        "IN_STATE": select(_in_state().exists()),
    }


def _stirring() -> ClauseElement:
    """Return the search for the roots of whatever has something to go on with, each by an index of its own."""
    waits = run.c.status == _WAITING
    late = run.c.waiting_until <= bindparam("now", type_=Text)
    for_an_agent = (run.c.waiting_on == _AN_AGENT) & run.c.parent_id.is_(None)
    return union(
        select(run.c.root_id).where(run.c.status == _RUNNING),
        select(run.c.root_id).where(waits, late),
        select(run.c.root_id).where(waits, for_an_agent),
    )


def _stirred() -> Select[Any]:
    """Return the open ones of some roots, and who owned them last."""
    projection = [column for column in run.c if column.name not in CLAIM]
    roots = select(*projection, run.c.owner).where(
        run.c.run_id.in_(listed("roots")),
        run.c.status.in_((_RUNNING, _WAITING)),
    )
    return roots.order_by(run.c.status != _RUNNING, run.c.created_at, run.c.run_id)


def _adrift() -> ClauseElement:
    """Return the search for records in a state that no open root works on."""
    worked_on = select(run.c.task).where(
        run.c.task.is_not(None), run.c.parent_id.is_(None), run.c.status.in_((_RUNNING, _WAITING))
    )
    found = _in_state().where(record.c.name.not_in(worked_on))
    return found.order_by(record.c.position)


def _in_state() -> Select[tuple[str]]:
    return select(record.c.name).where(
        record.c.kind == bindparam("kind", type_=Text),
        record.c.state == bindparam("state", type_=Text),
    )
