"""What nobody attends to, found by the database."""

import json
from datetime import datetime

from callboard.domain.events.codec import timestamp
from callboard.domain.org.task import TASKS
from callboard.domain.run_row import RunRow
from callboard.ports.unattended import Lost
from callboard.stores.relational.access import Access
from callboard.stores.relational.changes import Changes
from callboard.stores.relational.owners import Owners
from callboard.stores.relational.rows import Record, row_of
from callboard.stores.relational.session import Session
from callboard.stores.rules import HeldClaims


class StoredUnattended:
    """`callboard.ports.unattended.Unattended`; shares the event store's connections and owners."""

    def __init__(self, access: Access, owners: Owners, held: HeldClaims, changes: Changes) -> None:
        self._readers = access.readers
        self._owners = owners
        self._held = held
        self._changes = changes

    async def runs(self, now: datetime) -> list[RunRow]:
        """See `ports.unattended.Unattended`."""

        def query(session: Session) -> list[RunRow]:
            return [row_of(record[:-1]) for record in self._free(session, session.sql.STIRRED, now)]

        return await self._readers.run(query)

    async def lost(self, now: datetime) -> list[Lost]:
        """See `ports.unattended.Unattended`."""

        def query(session: Session) -> list[Lost]:
            found = self._free(session, session.sql.LOST, now)
            return [Lost(row_of(record[:-1]), died=record[-1] is not None) for record in found]

        return await self._readers.run(query)

    def _free(self, session: Session, statement: str, now: datetime) -> list[Record]:
        """Return what a statement finds among all that has something to go on with, unless somebody drives it."""
        stirring = session.execute(session.sql.STIRRING, {"now": timestamp(now)})
        roots = [str(row[0]) for row in stirring]
        if not roots:
            return []
        found = session.execute(statement, {"roots": json.dumps(roots)}).fetchall()
        names = {record[-1] for record in found if record[-1] is not None}
        alive = {name for name in names if self._owners.is_alive(session, name)}
        return [record for record in found if not self._is_driven(record, alive)]

    def _is_driven(self, record: Record, alive: set[str]) -> bool:
        """Return whether somebody drives a run. What could not be given back is ours in the database only."""
        owner = record[-1]
        return owner in alive and (owner != self._owners.name or self._held.holds(record[0]))

    async def changes(self) -> int:
        """See `ports.unattended.Unattended`."""
        return self._changes.number()

    async def changed(self, seen: int, within_s: float) -> None:
        """See `ports.unattended.Unattended`."""
        await self._changes.wait(seen, within_s)

    async def is_queued(self) -> bool:
        """See `ports.unattended.Unattended`."""
        named = {"kind": TASKS.name, "state": "queued"}

        def query(session: Session) -> bool:
            return bool(session.execute(session.sql.IN_STATE, named).fetchone()[0])

        return await self._readers.run(query)

    async def tasks(self) -> list[str]:
        """See `ports.unattended.Unattended`."""
        named = {"kind": TASKS.name, "state": "under_way"}

        def query(session: Session) -> list[str]:
            return [str(row[0]) for row in session.execute(session.sql.ADRIFT, named)]

        return await self._readers.run(query)
