"""Events lie in tables by month, so that old ones can be put away whole."""

from typing import Final

from callboard.stores.postgres.connections import PostgresSession
from callboard.stores.relational.session import Session

_AHEAD: Final = 3
_MISSING: Final = (
    "SELECT to_char(month, 'YYYYMM'), month::date::text, (month + interval '1 month')::date::text "
    "FROM generate_series(date_trunc('month', now() AT TIME ZONE 'UTC'), "
    "date_trunc('month', now() AT TIME ZONE 'UTC') + %(ahead)s * interval '1 month', interval '1 month') AS month "
    "WHERE to_regclass('event_' || to_char(month, 'YYYYMM')) IS NULL"
)

_PAST: Final = (
    "SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid "
    "WHERE inhparent = to_regclass('event') AND relname ~ '^event_[0-9]{6}$' "
    "AND relname < 'event_' || to_char(now() AT TIME ZONE 'UTC', 'YYYYMM') ORDER BY relname"
)
_PATIENCE_MS: Final = 500
"""How long the removal of a table waits for whoever reads in it. Everybody else waits meanwhile."""


def drop_empty_partitions(session: Session) -> tuple[str, ...]:
    """Remove the tables of past months that hold nothing any more, within a transaction; return their names. What the
    statements raise where somebody reads for longer undoes it: then it is for another time.
    """
    dropped: list[str] = []
    for (name,) in session.execute(_PAST).fetchall():
        # the name is one of the server's own, and of digits
        (filled,) = session.execute(f"SELECT EXISTS (SELECT FROM {name})").fetchone()  # noqa: S608
        if not filled:
            session.execute(f"SET LOCAL lock_timeout = {_PATIENCE_MS}")
            session.execute(f"DROP TABLE {name}")
            dropped.append(str(name))
    if dropped:
        session.execute("SET LOCAL lock_timeout TO DEFAULT")
    return tuple(dropped)


def ensure_partitions(session: PostgresSession) -> None:
    """Make the tables of this month and the next ones, where they are missing. Several processes may try at once."""
    if not session.execute(_MISSING, {"ahead": _AHEAD}).fetchall():
        return
    session.begin()
    try:
        for name, first, beyond in session.execute(_MISSING, {"ahead": _AHEAD}).fetchall():
            session.execute(
                f"CREATE TABLE event_{name} PARTITION OF event FOR VALUES FROM ('{first}') TO ('{beyond}')"
            )
        session.commit()
    finally:
        session.rollback()
