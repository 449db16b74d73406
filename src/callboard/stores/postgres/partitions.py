"""Events lie in tables by month, so that old ones can be put away whole."""

from typing import Final

from callboard.stores.postgres.connections import PostgresSession

_AHEAD: Final = 3
_MISSING: Final = (
    "SELECT to_char(month, 'YYYYMM'), month::date::text, (month + interval '1 month')::date::text "
    "FROM generate_series(date_trunc('month', now() AT TIME ZONE 'UTC'), "
    "date_trunc('month', now() AT TIME ZONE 'UTC') + %(ahead)s * interval '1 month', interval '1 month') AS month "
    "WHERE to_regclass('event_' || to_char(month, 'YYYYMM')) IS NULL"
)


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
