"""The event store on a relational database."""

import asyncio
import json
from collections.abc import Callable, Sequence
from functools import partial

from callboard.domain.attempt_row import Attempt
from callboard.domain.errors import CallboardError
from callboard.domain.events.codec import Blob, Sealed, timestamp
from callboard.domain.run_row import RunRow
from callboard.ports.event_store import (
    ROOTS,
    AttemptsWanted,
    Batch,
    Claim,
    Head,
    RunsWanted,
    Signal,
)
from callboard.stores.relational import work
from callboard.stores.relational.access import Access
from callboard.stores.relational.anchors import StoredAnchors
from callboard.stores.relational.budgets import StoredBudgets
from callboard.stores.relational.changes import Changes, Unheard, Writes
from callboard.stores.relational.credentials import StoredSealedCredentials
from callboard.stores.relational.gathered import GatheredSignals
from callboard.stores.relational.jobs import Creation, Release
from callboard.stores.relational.limiter import StoredLimiter
from callboard.stores.relational.operations import StoredOperations
from callboard.stores.relational.owners import Owners
from callboard.stores.relational.records import StoredRecords
from callboard.stores.relational.releases import StoredReleases
from callboard.stores.relational.rows import attempt_of, row_of, sealed_of
from callboard.stores.relational.session import Session
from callboard.stores.relational.shelves import StoredShelf, Tidy, nothing_to_tidy
from callboard.stores.relational.threads import Listen, StoredThreads, silent
from callboard.stores.relational.tree_packs import StoredTreePacks
from callboard.stores.relational.unattended import StoredUnattended
from callboard.stores.relational.watch import Watch
from callboard.stores.relational.writer import Writer
from callboard.stores.rules import HeldClaims, unknown_run

_OPEN_STATUSES = json.dumps(["running", "waiting"])


class RelationalStore:
    """`callboard.ports.event_store.EventStore` on a database. Made by the package of each kind of database.

    `releases` keeps published definitions in the same place, `credentials` what the vault has sealed, `anchors`
    the deployment's log of runs, `records` what the organisation has written down; `threads` looks into the logs; `shelf` knows what lies in the archive,
    `tree_packs` keeps recorded files for other machines.
    """

    def __init__(
        self,
        access: Access,
        owners: Owners,
        watch: Watch,
        engine: str,
        listen: Listen = silent,
        *,
        tidy: Tidy = nothing_to_tidy,
        writes: Writes | None = None,
        rooms: Writer | None = None,
    ) -> None:
        """Serve the database behind `access`; `engine` is its name and version, for people to read, `listen` how it
        tells that something was written, `tidy` how it gives back tables that are empty, `writes` when to ask a
        database that tells nothing, and `rooms` what takes room under limits if that is not the writer of the rest.
        """
        self._sql = access.sql
        self._writer = access.writer
        self._readers = access.readers
        self._owners = owners
        self._watch = watch
        self._writes = writes or Unheard()
        self._rooms = rooms
        self._held = HeldClaims()
        self._signals = GatheredSignals(self._pending)
        self._closed = False
        self.engine = engine
        self.releases = StoredReleases(access)
        self.budgets = StoredBudgets(access, owners)
        self.limiter = StoredLimiter(access, owners, rooms)
        self.credentials = StoredSealedCredentials(access)
        self.anchors = StoredAnchors(access)
        self.records = StoredRecords(access)
        self.threads = StoredThreads(access, listen)
        self.operations = StoredOperations(access)
        self.shelf = StoredShelf(access, tidy)
        changes = Changes(watch.changes, listen, self._writes)
        self.unattended = StoredUnattended(access, owners, self._held, changes)
        self.tree_packs = StoredTreePacks(access)

    async def create(
        self, events: Sequence[Sealed], row: RunRow, blobs: Sequence[Blob] = ()
    ) -> Claim:
        """Create a run with its first events and claim it."""
        new = Creation(events, row, blobs, self._owners.name)
        return await self._holding(row.run_id, partial(self._writer.create, new))

    async def claim(self, run_id: str, above: Claim | None = None) -> Claim:
        """Take a run over."""
        take = partial(work.claim, run_id=run_id, owners=self._owners, above=above)
        return await self._holding(run_id, partial(self._writer.submit, take))

    async def release(self, claim: Claim) -> None:
        """Give a claim back."""
        try:
            await self._writer.release(Release(claim, self._owners.name))
        finally:
            self._held.drop(claim)

    def append(self, batch: Batch) -> "asyncio.Future[None]":
        """Append in submission order."""
        return self._writer.append(batch)

    async def read(self, run_id: str, *, after: int = 0) -> list[Sealed]:
        """Return a run's events in order."""

        def query(session: Session) -> list[Sealed]:
            found = session.execute(session.sql.READ, {"run_id": run_id, "after": after})
            events = [sealed_of(record) for record in found]
            if not events:  # a log whose row is gone can still be read, and checked
                work.require_run(session, run_id)
                work.require_here(session, run_id)
            return events

        return await self._readers.run(query)

    async def read_tree(self, root_id: str) -> list[Sealed]:
        """Return the events of a run and of everything below it in storage order."""

        def query(session: Session) -> list[Sealed]:
            work.require_run(session, root_id)
            work.require_here(session, root_id)
            found = session.execute(session.sql.READ_TREE, {"run_id": root_id})
            return [sealed_of(record) for record in found]

        return await self._readers.run(query)

    async def head(self, run_id: str) -> Head:
        """Return the recorded end of a log."""

        def query(session: Session) -> Head:
            stand = session.execute(session.sql.STAND, {"run_id": run_id}).fetchone()
            if stand is None:
                raise unknown_run(run_id)
            epoch, _, head, head_hash = stand
            return Head(head, head_hash, epoch)

        return await self._readers.run(query)

    async def blobs(self, sha256s: Sequence[str]) -> dict[str, bytes]:
        """Return the contents that are there, by address."""
        wanted = {"wanted": json.dumps(list(sha256s))}
        return await self._readers.run(
            lambda session: dict(session.execute(session.sql.BLOBS, wanted))
        )

    async def row(self, run_id: str) -> RunRow | None:
        """Return a run's projection."""
        found = await self._rows(self._sql.ROW, {"run_id": run_id})
        return found[0] if found else None

    async def rows(self, wanted: RunsWanted = ROOTS) -> list[RunRow]:
        """Return projections, newest first."""
        at, run_id = wanted.before or (None, "")
        params: dict[str, object] = {
            "root_only": wanted.root_only,
            "any_status": not wanted.statuses,
            "statuses": json.dumps(list(wanted.statuses)),
            "any_space": wanted.spaces is None,
            "spaces": json.dumps(list(wanted.spaces or ())),
            "any_task": wanted.task is None,
            "task": wanted.task,
            "any_step": wanted.step is None,
            "step": wanted.step,
            "any_age": at is None,
            "created_before": "" if at is None else timestamp(at),
            "id_before": run_id,
            "limit": wanted.limit,
        }
        return await self._rows(self._sql.ROWS, params)

    async def attempts(self, wanted: AttemptsWanted) -> list[Attempt]:
        """Return attempts of steps, the oldest first."""
        named = {
            "any_space": wanted.spaces is None,
            "spaces": json.dumps(list(wanted.spaces or ())),
            "since": "" if wanted.since is None else timestamp(wanted.since),
            "until": "9999" if wanted.until is None else timestamp(wanted.until),
            "any_agent": wanted.agent is None,
            "agent": wanted.agent,
        }
        return await self._readers.run(
            lambda session: [
                attempt_of(row) for row in session.execute(session.sql.ATTEMPTS, named)
            ]
        )

    async def children(self, run_id: str) -> list[RunRow]:
        """Return the projections of a run's direct children, oldest first."""
        return await self._rows(self._sql.CHILDREN, {"run_id": run_id})

    async def unfinished(self) -> list[str]:
        """Return ids of root runs that have no terminal event and no living owner, oldest first."""

        def query(session: Session) -> list[str]:
            found = session.execute(session.sql.UNFINISHED, {"statuses": _OPEN_STATUSES}).fetchall()
            names = {owner for _, owner in found if owner is not None}
            alive = {name: self._owners.is_alive(session, name) for name in names}
            us = self._owners.name  # what could not be given back is ours in the database only
            return [
                run_id
                for run_id, owner in found
                if not alive.get(owner, False) or (owner == us and not self._held.holds(run_id))
            ]

        return await self._readers.run(query)

    async def signal(self, signal: Signal) -> None:
        """Record a wish, once."""
        await self._writer.submit(partial(work.record_signal, signal=signal))

    async def signals(self, run_ids: Sequence[str]) -> list[Signal]:
        """Return wishes not yet consumed, oldest first."""
        return await self._signals.of(run_ids)

    async def _pending(self, run_ids: Sequence[str]) -> list[Signal]:
        return await self._readers.run(lambda session: self._watch.pending(session, run_ids))

    async def consume(self, signals: Sequence[Signal]) -> None:
        """Mark wishes as turned into events."""
        await self._writer.submit(partial(work.consume, signals=signals))

    async def close(self) -> None:
        """Finish pending appends and release everything."""
        if self._closed:
            return
        self._closed = True
        self._writes.close()
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self._writer.close()
        if self._rooms is not None:
            self._rooms.close()
        self._readers.close()
        self._watch.close()

    async def _rows(self, statement: str, params: dict[str, object]) -> list[RunRow]:
        def query(session: Session) -> list[RunRow]:
            return [row_of(record) for record in session.execute(statement, params)]

        return await self._readers.run(query)

    async def _holding(self, run_id: str, take: "Callable[[], asyncio.Future[Claim]]") -> Claim:
        """Reserve a run here, then in the database; undo both where the second did not come about."""
        self._held.reserve(run_id)
        try:
            claim = await take()
        except asyncio.CancelledError:
            # The claim may be on its way into the database: give it back right behind it.
            self._writer.submit(partial(work.abandon, run_id=run_id, owner=self._owners.name))
            self._held.cancel(run_id)
            raise
        except CallboardError:
            self._held.cancel(run_id)
            raise
        self._held.confirm(claim)
        return claim
