"""PostgreSQL as a driver of the store."""

from collections.abc import Callable, Sequence

from callboard.domain.errors import CallboardError
from callboard.ports.event_store import Batch, Claim
from callboard.stores.postgres.appending import append_many
from callboard.stores.postgres.connections import PostgresSession, connect
from callboard.stores.postgres.failures import FAILURES, explain, is_lost
from callboard.stores.postgres.place import PostgresPlace
from callboard.stores.relational.jobs import Creation, Release
from callboard.stores.relational.session import Session
from callboard.stores.relational.work import create_each, release_all


class PostgresDriver:
    """`callboard.stores.relational.driver.Driver` for a database on a server. `committed` is called after each commit."""

    failures: tuple[type[Exception], ...] = FAILURES

    def __init__(
        self,
        place: PostgresPlace,
        patience_s: float,
        *,
        durable: bool = True,
        committed: Callable[[], None] | None = None,
    ) -> None:
        self._place = place
        self._durable = durable
        self._committed = committed
        self.patience_s = patience_s

    def connect(self, *, read_only: bool = False) -> PostgresSession:
        """See `Driver`."""
        return connect(
            self._place, read_only=read_only, patience_s=self.patience_s, durable=self._durable
        )

    def committed(self) -> None:
        """See `Driver`."""
        if self._committed is not None:
            self._committed()

    def explain(self, error: Exception) -> CallboardError:
        """See `Driver`."""
        return explain(error, self._place.shown)

    def is_lost(self, error: Exception) -> bool:
        """See `Driver`."""
        return is_lost(error)

    def append(self, session: Session, batches: Sequence[Batch]) -> Sequence[CallboardError | None]:
        """See `Driver`."""
        return append_many(session, batches)

    def append_alone(
        self, session: Session, batches: Sequence[Batch]
    ) -> Sequence[CallboardError | None]:
        """See `Driver`: one statement is a transaction, and what is kept beside the events takes more than one."""
        if not any(batch.blobs or batch.attempts for batch in batches):
            return append_many(session, batches)
        session.begin()
        refusals = append_many(session, batches)
        session.commit()
        return refusals

    def create(
        self, session: Session, creations: Sequence[Creation]
    ) -> Sequence[Claim | CallboardError]:
        """See `Driver`."""
        return create_each(session, creations)

    def release(self, session: Session, releases: Sequence[Release]) -> None:
        """See `Driver`."""
        release_all(session, releases)
