"""The connection on which room under limits is taken and given back.

Its transactions run one behind the other under a lock of their own, beside those that write the log: room shall not wait
for other runs' events, nor they for it. None waits for the disk but what a person set: what a crash makes the server forget
of the rest, it is told again (`callboard.stores.relational.rooms`).
"""

from collections.abc import Callable, Sequence
from typing import Final

from callboard.domain.errors import CallboardError
from callboard.domain.events.codec import Sealed
from callboard.domain.thread_mark import Mark
from callboard.ports.event_store import Batch, Claim
from callboard.stores.postgres import sql as statements
from callboard.stores.postgres.connections import PostgresSession
from callboard.stores.postgres.driver import PostgresDriver
from callboard.stores.postgres.failures import FAILURES
from callboard.stores.relational.jobs import Creation, Release
from callboard.stores.relational.session import Answer, Named, Session
from callboard.stores.relational.wording import Wording

LIMITS: Final = 4_217_036_102
"""The advisory lock that every transaction of ours that changes limits, or room under them, holds."""

_ALONE: Final = ("BEGIN", f"SELECT pg_advisory_xact_lock({LIMITS})")
_COMMIT: Final = ("COMMIT",)
_COMMIT_AT_ONCE: Final = ("SET LOCAL synchronous_commit = off", "COMMIT")
_LASTING: Final = frozenset({statements.SET_CAP, statements.REMOVE_CAP})
"""What is on the disk when whoever set it is told."""


class RoomSession:
    """`callboard.stores.relational.session.Session`, opened when it is first needed.

    Statements that nobody needs an answer of (`executemany`) travel with the next one, or with the commit.
    """

    sql: Wording = statements

    def __init__(self, connect: Callable[[], PostgresSession]) -> None:
        self.doubtful = False
        self._connect = connect
        self._session: PostgresSession | None = None
        self._ahead: list[tuple[str, Named | None]] = []
        self._lasts = False

    def execute(self, statement: str, named: Named | None = None, /) -> Answer:
        """See `Session`."""
        self._add(statement, named)
        return self._send()

    def executemany(self, statement: str, every: Sequence[Named], /) -> None:
        """See `Session`."""
        for each in every:
            self._add(statement, each)

    def insert_events(self, events: Sequence[Sealed], marks: Sequence[tuple[str, Mark]], /) -> None:
        """See `Session`: there are none among limits."""
        raise NotImplementedError(f"{len(events)} events, {len(marks)} marks")

    def begin(self) -> None:
        """See `Session`."""
        self._ahead = [(statement, None) for statement in _ALONE]
        self._lasts = False

    def commit(self) -> None:
        """See `Session`."""
        ends = _COMMIT if self._lasts else _COMMIT_AT_ONCE
        self._ahead += [(statement, None) for statement in ends]
        self._send()

    def rollback(self) -> None:
        """See `Session`."""
        self._ahead = []
        if self._session is not None:
            self._session.rollback()

    def close(self) -> None:
        """See `Session`."""
        if self._session is not None:
            self._session.close()

    def _add(self, statement: str, named: Named | None) -> None:
        self._lasts = self._lasts or statement in _LASTING
        self._ahead.append((statement, named))

    def _send(self) -> Answer:
        """Send what there is in one go, and return the answer to the last of it."""
        if self._session is None:
            self._session = self._connect()
        ahead, self._ahead = self._ahead, []
        return self._session.execute_all(ahead)


class RoomDriver:
    """`callboard.stores.relational.driver.Driver` for room under limits, with the connections of another one. Nobody is told
    of what it commits: who waits for room looks for it (`runtime.slots`).
    """

    failures: tuple[type[Exception], ...] = FAILURES

    def __init__(self, driver: PostgresDriver) -> None:
        self._driver = driver
        self.patience_s = driver.patience_s

    def connect(self, *, read_only: bool = False) -> Session:
        """See `Driver`. Nothing is opened yet."""
        del read_only
        return RoomSession(self._driver.connect)

    def committed(self) -> None:
        """See `Driver`."""

    def explain(self, error: Exception) -> CallboardError:
        """See `Driver`."""
        return self._driver.explain(error)

    def is_lost(self, error: Exception) -> bool:
        """See `Driver`."""
        return self._driver.is_lost(error)

    def append(self, session: Session, batches: Sequence[Batch]) -> Sequence[CallboardError | None]:
        """See `Driver`."""
        return self._driver.append(session, batches)

    def append_alone(
        self, session: Session, batches: Sequence[Batch]
    ) -> Sequence[CallboardError | None]:
        """See `Driver`."""
        return self._driver.append_alone(session, batches)

    def create(
        self, session: Session, creations: Sequence[Creation]
    ) -> Sequence[Claim | CallboardError]:
        """See `Driver`."""
        return self._driver.create(session, creations)

    def release(self, session: Session, releases: Sequence[Release]) -> None:
        """See `Driver`."""
        self._driver.release(session, releases)
