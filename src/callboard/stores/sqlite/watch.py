"""Watching for signals without asking the tables again and again."""

import json
from collections.abc import Sequence
from threading import Lock

from callboard.ports.event_store import Signal
from callboard.stores.relational.rows import signal_of
from callboard.stores.relational.session import Session


class SignalWatch:
    """Pending signals, read again only when some other connection has committed.

    `PRAGMA data_version` of a connection changes exactly then; the writer is another connection too, so
    this process's own signals are seen like everybody else's.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._lock = Lock()
        self._seen: tuple[int, tuple[str, ...]] | None = None
        self._pending: list[Signal] = []
        self._last = 0
        self._closed = False

    def pending(self, session: Session, run_ids: Sequence[str]) -> list[Signal]:
        """Return the signals of these runs that are not consumed, oldest first."""
        del session  # which changes are seen depends on the connection
        with self._lock:
            now = (self._version(), tuple(run_ids))
            if now != self._seen:
                found = self._session.execute(
                    self._session.sql.SIGNALS, {"run_ids": json.dumps(now[1])}
                )
                self._pending = [signal_of(record) for record in found]
                self._seen = now
            return list(self._pending)

    def changes(self) -> int:
        """See `Watch`."""
        if not self._lock.acquire(blocking=False):  # somebody reads signals; the next look will do
            return self._last
        try:
            return self._last if self._closed else self._version()
        finally:
            self._lock.release()

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._closed = True
            self._session.close()

    def _version(self) -> int:
        (version,) = self._session.execute("PRAGMA data_version").fetchone()
        self._last = int(version)
        return self._last
