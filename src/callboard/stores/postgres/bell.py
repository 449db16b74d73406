"""Telling other processes that something was written, and hearing it of them.

Telling costs the writers nothing: it is done on a connection of its own, at most every few hundredths of a second,
because a notification takes a lock of the whole server at its commit. Whoever listens looks for itself from time to time
all the same: a notification may be lost.
"""

import contextlib
import time
from collections import deque
from collections.abc import Callable
from threading import Event, Lock, Thread
from typing import Final

from callboard.stores.postgres.connections import PostgresSession
from callboard.stores.postgres.failures import FAILURES
from callboard.stores.postgres.owners import LeasedOwners

CHANNEL: Final = "callboard"
_APART_S: Final = 0.02
_CLOSE_S: Final = 0.003
_CLOSE: Final = 4
_QUIET_S: Final = 1.0
_AGAIN_S: Final = 0.5
_LISTEN_S: Final = 1.0
_SWEEPS_S: Final = 3_600.0

Connect = Callable[[], PostgresSession]


class Bell:
    """Counts what was heard: `heard` changes when another process has written something, or may have. `back` is called, in
    some thread, when the database was away and is back.
    """

    def __init__(self, connect: Connect, name: str, back: Callable[[], None]) -> None:
        self._connect = connect
        self._name = name
        self._back = back
        self._lock = Lock()
        self._listeners: list[Callable[[], None]] = []
        self._ending = False
        self.heard = 0
        self._thread = Thread(target=self._run, name="callboard-listener", daemon=True)
        self._thread.start()

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call somebody, in some thread, whenever something is heard, or was written here; return how to end that."""
        with self._lock:
            self._listeners.append(listener)

        def stop() -> None:
            with self._lock:
                self._listeners.remove(listener)

        return stop

    def ring(self) -> None:
        """Tell those who listen of something that this process wrote."""
        with self._lock:
            listeners = list(self._listeners)
        for listener in listeners:
            listener()

    def end(self) -> None:
        """Stop listening with whatever is heard next, or soon."""
        self._ending = True

    def join(self) -> None:
        """Wait until nobody listens any more."""
        self._thread.join()

    def _run(self) -> None:
        was_here = False
        while not self._ending:
            try:
                session = self._connect()
            except FAILURES:
                time.sleep(_AGAIN_S)
                continue
            try:
                if was_here:
                    self._back()
                was_here = True
                self._hear(session)
            except FAILURES:
                self._count()  # nobody knows what was missed
            finally:
                session.close()

    def _hear(self, session: PostgresSession) -> None:
        session.execute(f"LISTEN {CHANNEL}")
        self._count()  # what was written before anybody listened
        while not self._ending:
            for told in session.notifications(within_s=_LISTEN_S):
                if told != self._name:
                    self._count()

    def _count(self) -> None:
        self.heard += 1
        self.ring()


class Pace:
    """How long to wait between notifications: what somebody decides is a claim, an event and a release within a few
    milliseconds, and whoever waits for the last of them shall not wait for the first one's sake.
    """

    def __init__(self) -> None:
        self._told: deque[float] = deque(maxlen=_CLOSE)

    def after(self, now: float) -> float:
        """Return for how many seconds nothing more is told after what was told now: little where it was quiet before."""
        first = self._told[0] if len(self._told) == _CLOSE else float("-inf")
        self._told.append(now)
        return _CLOSE_S if now - first > _QUIET_S else _APART_S


class Keeper:
    """A thread with a connection of its own that renews the lease and tells others what this process wrote.

    It renews the lease only while somebody says `alive` from time to time: a process whose event loop hangs is not at
    work, and what it holds shall be taken over. `forgotten` is called, in this thread, when the database does not know any
    more that it was told which room under limits this process holds.
    """

    def __init__(
        self, connect: Connect, owners: LeasedOwners, forgotten: Callable[[], None]
    ) -> None:
        """Take the first lease.

        Raises:
            psycopg.Error: the database cannot be reached.
        """
        self._connect = connect
        self._owners = owners
        self._forgotten = forgotten
        self._session: PostgresSession | None = connect()
        try:
            owners.begin(self._session)
        except FAILURES:
            self._drop()
            raise
        self._alive_at = time.monotonic()
        self._written = Event()
        self._ending = False
        self._thread = Thread(target=self._run, name="callboard-keeper", daemon=True)
        self._thread.start()

    def alive(self) -> None:
        """Say that the process does its work."""
        self._alive_at = time.monotonic()

    def wrote(self) -> None:
        """Say that there is something to tell."""
        self._written.set()

    def close(self) -> None:
        """Tell what is left, give the lease up and end. Blocks for a moment."""
        self._ending = True
        self._written.set()
        self._thread.join()
        with contextlib.suppress(*FAILURES):
            self._tell()
            self._owners.retire(self._connected())
            self._drop()
            return
        self._owners.retire(None)

    def _run(self) -> None:
        every = self._owners.lease_s / 3
        beats = time.monotonic() + every
        sweeps, pace = 0.0, Pace()
        while not self._ending:
            self._written.wait(max(0.0, beats - time.monotonic()))
            now = time.monotonic()
            try:
                if self._written.is_set():
                    self._written.clear()
                    self._tell()
                    time.sleep(pace.after(now))
                if now >= beats:
                    beats = now + every
                    if now - self._alive_at < self._owners.lease_s:
                        self._beat()
                    if now >= sweeps:
                        sweeps = now + _SWEEPS_S
                        self._owners.sweep(self._connected())
            except FAILURES:
                self._drop()
                time.sleep(min(_AGAIN_S, every))

    def _beat(self) -> None:
        if not self._owners.beat(self._connected()):
            self._forgotten()

    def _tell(self) -> None:
        told = {"channel": CHANNEL, "name": self._owners.name}
        self._connected().execute("SELECT pg_notify(%(channel)s, %(name)s)", told)

    def _connected(self) -> PostgresSession:
        if self._session is None:
            self._session = self._connect()
        return self._session

    def _drop(self) -> None:
        with contextlib.suppress(*FAILURES):
            if self._session is not None:
                self._session.close()
        self._session = None
