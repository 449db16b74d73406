"""The statements that find what nobody attends to; see `statements`, which writes them out with the others."""

from typing import Final

from sqlalchemy import Text, bindparam, literal_column, or_, select
from sqlalchemy.sql.elements import ClauseElement

from callboard.stores.relational.thread_statements import CLAIM
from callboard.stores.tables import record, run

_RUNNING: Final = literal_column("'running'", Text)
_WAITING: Final = literal_column("'waiting'", Text)
_AN_AGENT: Final = literal_column("'an agent'", Text)


def unattended() -> dict[str, ClauseElement]:
    """Return the statements by name."""
    return {"STIRRED": _stirred(), "ADRIFT": _adrift()}


def _stirred() -> ClauseElement:
    """Return the search for open roots with something to go on with, and who owned them last."""
    stirring = run.alias("stirring")
    stirs = or_(
        stirring.c.status == _RUNNING,
        (stirring.c.status == _WAITING)
        & (stirring.c.waiting_until <= bindparam("now", type_=Text)),
        (stirring.c.status == _WAITING)
        & (stirring.c.waiting_on == _AN_AGENT)
        & stirring.c.parent_id.is_(None),
    )
    projection = [column for column in run.c if column.name not in CLAIM]
    roots = select(*projection, run.c.owner).where(
        run.c.run_id.in_(select(stirring.c.root_id).where(stirs)),
        run.c.parent_id.is_(None),
        run.c.status.in_((_RUNNING, _WAITING)),
    )
    running_first = (run.c.status != _RUNNING, run.c.created_at, run.c.run_id)
    return roots.order_by(*running_first)


def _adrift() -> ClauseElement:
    """Return the search for records in a state that no open root works on."""
    worked_on = (
        select(run.c.run_id)
        .where(
            run.c.task == record.c.name,
            run.c.parent_id.is_(None),
            run.c.status.in_((_RUNNING, _WAITING)),
        )
        .exists()
    )
    found = select(record.c.name).where(
        record.c.kind == bindparam("kind", type_=Text),
        record.c.state == bindparam("state", type_=Text),
        ~worked_on,
    )
    return found.order_by(record.c.position)
