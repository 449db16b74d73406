"""What `callboard doctor` says about a server: its clock beside ours, its connections, who else is at work on it."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from callboard.ports.examination import Finding
from callboard.stores.relational.session import Session

_CLOCK: Final = "SELECT extract(epoch FROM clock_timestamp())::float8"
_CONNECTIONS: Final = (
    "SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int, "
    "(SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend')"
)
_AT_WORK: Final = (
    "SELECT count(*) FILTER (WHERE until > clock_timestamp()), "
    "count(*) FILTER (WHERE until <= clock_timestamp()) FROM owner"
)
_MOST_SKEW_S: Final = 5.0
_NEEDED: Final = 12
"""Connections that a worker opens when it has much to do."""


def examine(session: Session, now: Callable[[], datetime]) -> list[Finding]:
    """Return what was found, the first thing to look at first. `now` is the clock of this machine."""
    return [_clock(session, now), _connections(session), _at_work(session)]


def _clock(session: Session, now: Callable[[], datetime]) -> Finding:
    before = now().timestamp()
    ((there,),) = session.execute(_CLOCK).fetchall()
    after = now().timestamp()
    skew = max(0.0, float(there) - after, before - float(there))
    way = "behind" if float(there) > after else "ahead of"
    same = skew < 0.001
    said = "shows the server's time" if same else f"is {skew:.3f} s {way} that of the server"
    return Finding(
        "database.clock",
        f"the clock of this machine {said}",
        held=skew < _MOST_SKEW_S,
        way_out="Leases go by the server's clock and still hold; times of events are wrong. Set the clock of this machine.",
        required=False,
    )


def _connections(session: Session) -> Finding:
    ((most, used),) = session.execute(_CONNECTIONS).fetchall()
    return Finding(
        "database.connections",
        f"{used} of {most} connections are in use",
        held=int(most) - int(used) >= _NEEDED,
        way_out=f"A worker opens up to {_NEEDED}: raise max_connections, or run fewer processes.",
        required=False,
    )


def _at_work(session: Session) -> Finding:
    ((alive, lapsed),) = session.execute(_AT_WORK).fetchall()
    gone = f"; {lapsed} ended without a word" if lapsed else ""
    return Finding("database.processes", f"{alive} at work, this one included{gone}", held=True)
