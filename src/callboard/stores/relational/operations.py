"""How much there is to do, asked of the database, but not more often than anybody needs to know."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from callboard.domain.errors import ConfigurationInvalid
from callboard.ports.examination import Finding
from callboard.ports.operations import Load
from callboard.stores.relational.access import Access
from callboard.stores.relational.session import Session
from callboard.stores.revisions import CURRENT

_FRESH_S: Final = 5.0
Look = Callable[[Session, Callable[[], datetime]], list[Finding]]


class StoredOperations:
    """`callboard.ports.operations.Operations`; shares the event store's connections."""

    def __init__(self, access: Access, look: Look | None = None) -> None:
        """Ask through `access`; `look` examines what only this kind of database has."""
        self._readers = access.readers
        self._look = look
        self._load = Load()
        self._asked_at = float("-inf")

    async def load(self) -> Load:
        """See `ports.operations.Operations`."""
        now = asyncio.get_running_loop().time()
        if now - self._asked_at > _FRESH_S:
            self._load = await self._readers.run(_load)
            self._asked_at = now
        return self._load

    async def check(self) -> None:
        """See `ports.operations.Operations`."""
        found = await self._readers.run(
            lambda session: session.execute(session.sql.OLDEST_CODE).fetchone()
        )
        if found is not None and str(found[0] or "") > CURRENT:
            raise ConfigurationInvalid(
                f"the database is of a newer Callboard (schema {found[0]}, this one knows {CURRENT}); upgrade this one"
            )

    async def examine(self, now: Callable[[], datetime]) -> Sequence[Finding]:
        """See `ports.operations.Operations`."""
        look = self._look
        return () if look is None else await self._readers.run(lambda session: look(session, now))


def _load(session: Session) -> Load:
    runs = session.execute(session.sql.OPEN_RUNS).fetchall()
    tasks = {str(state): int(count) for state, count in session.execute(session.sql.OPEN_TASKS)}
    return Load(
        runs={(str(kind), str(status)): int(count) for kind, status, count, _ in runs},
        waiting_for_people=sum(int(waiting or 0) for *_, waiting in runs),
        queued=tasks.get("queued", 0),
        under_way=tasks.get("under_way", 0),
    )
