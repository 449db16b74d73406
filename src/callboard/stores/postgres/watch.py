"""Watching for signals: the table is asked again when the bell rang, and from time to time."""

import json
import time
from collections.abc import Sequence
from threading import Lock
from typing import Final, Protocol

from callboard.ports.event_store import Signal
from callboard.stores.relational.rows import signal_of
from callboard.stores.relational.session import Session

_FRESH_S: Final = 1.0


class Rung(Protocol):
    """What is heard of writing: `heard` changes whenever somebody wrote something."""

    heard: int

    def end(self) -> None:
        """Stop listening."""
        ...


class BellWatch:
    """`callboard.stores.relational.watch.Watch` for many processes."""

    def __init__(self, bell: Rung) -> None:
        self._bell = bell
        self._lock = Lock()
        self._seen: tuple[int, tuple[str, ...]] | None = None
        self._read_at = float("-inf")
        self._pending: list[Signal] = []

    def pending(self, session: Session, run_ids: Sequence[str]) -> list[Signal]:
        """See `Watch`."""
        with self._lock:
            now = (self._bell.heard, tuple(run_ids))
            stale = time.monotonic() - self._read_at > _FRESH_S
            if now != self._seen or stale:
                found = session.execute(session.sql.SIGNALS, {"run_ids": json.dumps(now[1])})
                self._pending = [signal_of(record) for record in found]
                self._seen = now
                self._read_at = time.monotonic()
            return list(self._pending)

    def close(self) -> None:
        """See `Watch`."""
        self._bell.end()
