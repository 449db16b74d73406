"""The statements for whoever operates a deployment; see `statements`, which writes them out with the others."""

from typing import Final

from sqlalchemy import Integer, Text, case, func, literal_column, select
from sqlalchemy.sql.elements import ClauseElement

from callboard.stores.tables import compatible, record, run

_OPEN: Final = tuple(literal_column(f"'{status}'", Text) for status in ("running", "waiting"))
_STATES: Final = tuple(literal_column(f"'{state}'", Text) for state in ("queued", "under_way"))
_TASK: Final = literal_column("'task'", Text)
_one: Final = literal_column("1", Integer)
_none: Final = literal_column("0", Integer)
_AN_AGENT: Final = literal_column("'an agent'", Text)


def operations() -> dict[str, ClauseElement]:
    """Return the statements by name."""
    waits = (run.c.status == _OPEN[1]) & run.c.parent_id.is_(None)
    for_people = case((waits & (run.c.waiting_on != _AN_AGENT), _one), else_=_none)
    runs = select(run.c.kind, run.c.status, func.count(), func.sum(for_people))
    tasks = select(record.c.state, func.count()).where(
        record.c.kind == _TASK, record.c.state.in_(_STATES)
    )
    return {
        "OPEN_RUNS": runs.where(run.c.status.in_(_OPEN)).group_by(run.c.kind, run.c.status),
        "OPEN_TASKS": tasks.group_by(record.c.state),
        "OLDEST_CODE": select(func.max(compatible.c.oldest)),
    }
