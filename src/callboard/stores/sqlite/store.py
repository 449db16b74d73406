"""The event store on one SQLite file."""

import asyncio
import json
import sqlite3
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Self

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
from callboard.stores.rules import HeldClaims, unknown_run
from callboard.stores.sqlite import sql, work
from callboard.stores.sqlite.anchors import SqliteAnchors
from callboard.stores.sqlite.budgets import SqliteBudgets
from callboard.stores.sqlite.connections import PATIENCE_S, connect, prepare_file
from callboard.stores.sqlite.credentials import SqliteSealedCredentials
from callboard.stores.sqlite.failures import explain
from callboard.stores.sqlite.migrate import ensure_current
from callboard.stores.sqlite.owners import Owner
from callboard.stores.sqlite.readers import Readers
from callboard.stores.sqlite.records import SqliteRecords
from callboard.stores.sqlite.releases import SqliteReleases
from callboard.stores.sqlite.rows import attempt_of, row_of, sealed_of
from callboard.stores.sqlite.threads import SqliteThreads
from callboard.stores.sqlite.watch import SignalWatch
from callboard.stores.sqlite.writer import Work, Writer

_OPEN_STATUSES = json.dumps(["running", "waiting"])


class SqliteEventStore:
    """`callboard.ports.event_store.EventStore` for one machine. Open it with `open`.

    `releases` keeps published definitions in the same file, `credentials` what the vault has sealed, `anchors`
    the deployment's log of runs, `records` what the organisation has written down; `threads` looks into the logs.
    """

    def __init__(self, path: Path, *, patience_s: float = PATIENCE_S, durable: bool = True) -> None:
        """Open the store at `path`. Blocks for a few milliseconds, or for a migration.

        Args:
            path: the database file.
            patience_s: how long each access waits, in seconds, for another process that holds the database.
            durable: whether what is written survives the loss of power at that moment; only for what can be
                thrown away is it not.

        Raises:
            ConfigurationInvalid: the file, its directory or its schema cannot be used.
        """
        self._explain = partial(explain, path=path)
        opened = partial(connect, path, patience_s=patience_s, durable=durable)
        prepare_file(path)
        self._owner = Owner(path.parent / "owners")
        try:
            ensure_current(path, patience_s)
            writing, watching = opened(), opened(read_only=True)
        except (sqlite3.Error, OSError) as error:
            self._owner.retire()
            raise self._explain(error) from error
        except CallboardError:
            self._owner.retire()
            raise
        self._held = HeldClaims()
        self._writer = Writer(writing, self._explain)
        self._watch = SignalWatch(watching)
        self._readers = Readers(partial(opened, read_only=True), self._explain)
        self._closed = False
        self.releases = SqliteReleases(self._writer, self._readers)
        self.budgets = SqliteBudgets(self._writer, self._readers, self._owner)
        self.credentials = SqliteSealedCredentials(self._writer, self._readers)
        self.anchors = SqliteAnchors(self._writer, self._readers)
        self.records = SqliteRecords(self._writer, self._readers)
        self.threads = SqliteThreads(self._readers)

    @classmethod
    async def open(
        cls, path: Path, *, patience_s: float = PATIENCE_S, durable: bool = True
    ) -> Self:
        """Open the store at `path`, creating or upgrading it where needed. See `__init__`.

        Raises:
            ConfigurationInvalid: the file, its directory or its schema cannot be used.
        """
        return await asyncio.to_thread(partial(cls, path, patience_s=patience_s, durable=durable))

    @property
    def engine(self) -> str:
        """The version of SQLite in use, for people to read."""
        return f"SQLite {sqlite3.sqlite_version}"

    async def create(
        self, events: Sequence[Sealed], row: RunRow, blobs: Sequence[Blob] = ()
    ) -> Claim:
        """Create a run with its first events and claim it."""
        name = self._owner.name
        return await self._holding(
            row.run_id, partial(work.create, events=events, row=row, blobs=blobs, owner=name)
        )

    async def claim(self, run_id: str) -> Claim:
        """Take a run over."""
        name, is_alive = self._owner.name, self._owner.is_alive
        return await self._holding(
            run_id, partial(work.claim, run_id=run_id, owner=name, is_alive=is_alive)
        )

    async def release(self, claim: Claim) -> None:
        """Give a claim back."""
        try:
            await self._writer.submit(partial(work.release, claim=claim, owner=self._owner.name))
        finally:
            self._held.drop(claim)

    def append(self, batch: Batch) -> "asyncio.Future[None]":
        """Append in submission order."""
        return self._writer.submit(partial(work.append, batch=batch))

    async def read(self, run_id: str, *, after: int = 0) -> list[Sealed]:
        """Return a run's events in order."""

        def query(connection: sqlite3.Connection) -> list[Sealed]:
            found = connection.execute(sql.READ, {"run_id": run_id, "after": after})
            events = [sealed_of(record) for record in found]
            if not events:  # a log whose row is gone can still be read, and checked
                work.require_run(connection, run_id)
            return events

        return await self._readers.run(query)

    async def read_tree(self, root_id: str) -> list[Sealed]:
        """Return the events of a run and of everything below it in storage order."""

        def query(connection: sqlite3.Connection) -> list[Sealed]:
            work.require_run(connection, root_id)
            found = connection.execute(sql.READ_TREE, {"run_id": root_id})
            return [sealed_of(record) for record in found]

        return await self._readers.run(query)

    async def head(self, run_id: str) -> Head:
        """Return the recorded end of a log."""

        def query(connection: sqlite3.Connection) -> Head:
            stand = connection.execute(sql.STAND, {"run_id": run_id}).fetchone()
            if stand is None:
                raise unknown_run(run_id)
            epoch, _, head, head_hash = stand
            return Head(head, head_hash, epoch)

        return await self._readers.run(query)

    async def blobs(self, sha256s: Sequence[str]) -> dict[str, bytes]:
        """Return the contents that are there, by address."""
        wanted = {"wanted": json.dumps(list(sha256s))}
        return await self._readers.run(
            lambda connection: dict(connection.execute(sql.BLOBS, wanted))
        )

    async def row(self, run_id: str) -> RunRow | None:
        """Return a run's projection."""
        found = await self._rows(sql.ROW, {"run_id": run_id})
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
        return await self._rows(sql.ROWS, params)

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
            lambda connection: [attempt_of(row) for row in connection.execute(sql.ATTEMPTS, named)]
        )

    async def children(self, run_id: str) -> list[RunRow]:
        """Return the projections of a run's direct children, oldest first."""
        return await self._rows(sql.CHILDREN, {"run_id": run_id})

    async def unfinished(self) -> list[str]:
        """Return ids of root runs that have no terminal event and no living owner, oldest first."""

        def query(connection: sqlite3.Connection) -> list[str]:
            found = connection.execute(sql.UNFINISHED, {"statuses": _OPEN_STATUSES}).fetchall()
            alive = {owner: self._owner.is_alive(owner) for _, owner in found if owner is not None}
            return [run_id for run_id, owner in found if not alive.get(owner, False)]

        return await self._readers.run(query)

    async def signal(self, signal: Signal) -> None:
        """Record a wish, once."""
        await self._writer.submit(partial(work.record_signal, signal=signal))

    async def signals(self, run_ids: Sequence[str]) -> list[Signal]:
        """Return wishes not yet consumed, oldest first."""
        return await self._readers.run(lambda _: self._watch.pending(run_ids))

    async def consume(self, signals: Sequence[Signal]) -> None:
        """Mark wishes as turned into events."""
        await self._writer.submit(partial(work.consume, signals=signals))

    async def close(self) -> None:
        """Finish pending appends and release everything."""
        if self._closed:
            return
        self._closed = True
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self._writer.close()
        self._readers.close()
        self._watch.close()
        self._owner.retire()

    async def _rows(self, statement: str, params: dict[str, object]) -> list[RunRow]:
        def query(connection: sqlite3.Connection) -> list[RunRow]:
            return [row_of(record) for record in connection.execute(statement, params)]

        return await self._readers.run(query)

    async def _holding(self, run_id: str, take: Work[Claim]) -> Claim:
        """Reserve a run here, then in the database; undo both where the second did not come about."""
        self._held.reserve(run_id)
        try:
            claim = await self._writer.submit(take)
        except asyncio.CancelledError:
            # The claim may be on its way into the database: give it back right behind it.
            self._writer.submit(partial(work.abandon, run_id=run_id, owner=self._owner.name))
            self._held.cancel(run_id)
            raise
        except CallboardError:
            self._held.cancel(run_id)
            raise
        self._held.confirm(claim)
        return claim
