"""An event store in memory, with the semantics of the real ones."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from pydantic import TypeAdapter

from callboard.domain.attempt_row import Attempt, AttemptRow
from callboard.domain.errors import (
    CallboardError,
    Fenced,
    LogError,
    RunArchived,
    RunBusy,
    RunExists,
)
from callboard.domain.events.codec import GENESIS, Blob, Sealed
from callboard.domain.run_row import RunRow
from callboard.domain.thread_mark import Mark
from callboard.ports.archive import Shelved
from callboard.ports.event_store import (
    ROOTS,
    AttemptsWanted,
    Batch,
    Claim,
    Head,
    RunsWanted,
    Signal,
)
from callboard.stores.rules import HeldClaims, check_batch, marks_of, unknown_run

_OPEN = {"running", "waiting"}


@dataclass(slots=True)
class _Run:
    row: bytes
    root_id: str
    head: Head
    owner: object | None


@dataclass(slots=True)
class MemoryDisk:
    """What survives a process: give it to a second store to see what another process would see."""

    runs: dict[str, _Run] = field(default_factory=dict[str, _Run])
    events: list[Sealed] = field(default_factory=list[Sealed])
    marks: list[Mark] = field(default_factory=list[Mark])
    blobs: dict[str, bytes] = field(default_factory=dict[str, bytes])
    attempts: dict[str, AttemptRow] = field(default_factory=dict[str, AttemptRow])
    signals: dict[tuple[str, str], Signal] = field(default_factory=dict[tuple[str, str], Signal])
    consumed: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    alive: set[object] = field(default_factory=set[object])
    shelf: dict[str, Shelved] = field(default_factory=dict[str, Shelved])

    def here(self, run_id: str) -> _Run:
        """Return a run whose log is here.

        Raises:
            UnknownThing: no such run.
            RunArchived: it lies in the archive.
        """
        found = self.run(run_id)
        if run_id in self.shelf:
            raise RunArchived(run_id, self.shelf[run_id].file)
        return found

    def run(self, run_id: str) -> _Run:
        """Return a run.

        Raises:
            UnknownThing: no such run.
        """
        if run_id not in self.runs:
            raise unknown_run(run_id)
        return self.runs[run_id]

    def let_go(self, run_id: str) -> None:
        """Take a run from whoever claimed it."""
        run = self.run(run_id)
        run.owner, run.head = None, replace(run.head, epoch=run.head.epoch + 1)

    def add(self, events: Sequence[Sealed], marks: Sequence[Mark], blobs: Sequence[Blob]) -> None:
        """Keep events, each with its mark, and blobs."""
        self.events.extend(events)
        self.marks.extend(marks)
        for blob in blobs:
            self.blobs.setdefault(blob.sha256, blob.content)


class MemoryEventStore:
    """`callboard.ports.event_store.EventStore` of one owner on a `MemoryDisk`.

    Everything is kept as JSON bytes, as on a real disk, so that nothing is shared by reference. Closing
    the store is the death of its owner: what it claimed is free.
    """

    def __init__(self, disk: MemoryDisk | None = None) -> None:
        self.disk = disk or MemoryDisk()
        self._owner = object()
        self._held = HeldClaims()
        self._closed = False
        self.disk.alive.add(self._owner)

    async def create(
        self, events: Sequence[Sealed], row: RunRow, blobs: Sequence[Blob] = ()
    ) -> Claim:
        """Create a run with its first events and claim it."""
        self._check_open()
        self._held.reserve(row.run_id)
        if row.run_id in self.disk.runs:
            self._held.cancel(row.run_id)
            raise RunExists(f"a run {row.run_id} exists already")
        head = Head(events[-1].seq, events[-1].hash, 1) if events else Head(0, GENESIS, 1)
        self.disk.runs[row.run_id] = _Run(_bytes(row), row.root_id, head, self._owner)
        self.disk.add(events, marks_of(events, row.updated_at), blobs)
        return self._claimed(row.run_id)

    async def claim(self, run_id: str, above: Claim | None = None) -> Claim:
        """Take a run over."""
        self._check_open()
        self._held.reserve(run_id)
        try:
            run = self.disk.here(run_id)
            if above is not None and self.disk.runs[above.run_id].head.epoch != above.epoch:
                raise Fenced(f"run {above.run_id} was taken over by another process")
            if run.owner is not self._owner and run.owner in self.disk.alive:
                raise RunBusy(f"another process drives run {run_id}")
        except CallboardError:
            self._held.cancel(run_id)
            raise
        run.owner, run.head = self._owner, replace(run.head, epoch=run.head.epoch + 1)
        return self._claimed(run_id)

    async def release(self, claim: Claim) -> None:
        """Give a claim back."""
        self._check_open()
        run = self.disk.run(claim.run_id)
        if run.owner is self._owner and run.head.epoch == claim.epoch:
            run.owner = None
        self._held.drop(claim)

    def append(self, batch: Batch) -> "asyncio.Future[None]":
        """Append at once."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        try:
            self._append(batch)
        except CallboardError as error:
            future.set_exception(error)
        else:
            future.set_result(None)
        return future

    async def read(self, run_id: str, *, after: int = 0) -> list[Sealed]:
        """Return a run's events in order."""
        self._check_open()
        self.disk.here(run_id)
        return [e for e in self.disk.events if e.run_id == run_id and e.seq > after]

    async def read_tree(self, root_id: str) -> list[Sealed]:
        """Return the events of a run and of everything below it in storage order."""
        self._check_open()
        self.disk.here(root_id)
        below = {root_id}
        for row in self._rows():  # parents are created before their children
            if row.parent_id in below:
                below.add(row.run_id)
        return [event for event in self.disk.events if event.run_id in below]

    async def head(self, run_id: str) -> Head:
        """Return the recorded end of a log."""
        self._check_open()
        return self.disk.run(run_id).head

    async def blobs(self, sha256s: Sequence[str]) -> dict[str, bytes]:
        """Return the contents that are there, by address."""
        self._check_open()
        return {sha: self.disk.blobs[sha] for sha in sha256s if sha in self.disk.blobs}

    async def row(self, run_id: str) -> RunRow | None:
        """Return a run's projection."""
        self._check_open()
        run = self.disk.runs.get(run_id)
        return None if run is None else _row.validate_json(run.row)

    async def rows(self, wanted: RunsWanted = ROOTS) -> list[RunRow]:
        """Return projections, newest first."""
        self._check_open()
        found = [row for row in self._rows() if _fits(row, wanted)]
        return sorted(found, key=_age, reverse=True)[: wanted.limit]

    async def attempts(self, wanted: AttemptsWanted) -> list[Attempt]:
        """Return attempts of steps, the oldest first."""
        self._check_open()
        served = [
            row
            for row in self._rows()
            if row.step is not None
            and row.kind == "agent"
            and (wanted.spaces is None or row.space in wanted.spaces)
            and (wanted.since is None or row.created_at >= wanted.since)
            and (wanted.until is None or row.created_at < wanted.until)
            and wanted.agent in (None, row.subject)
        ]
        return [
            _attempt(row, self.disk.attempts.get(row.run_id)) for row in sorted(served, key=_age)
        ]

    async def children(self, run_id: str) -> list[RunRow]:
        """Return the projections of a run's direct children, oldest first."""
        self._check_open()
        return sorted((row for row in self._rows() if row.parent_id == run_id), key=_age)

    async def unfinished(self) -> list[str]:
        """Return ids of root runs that have no terminal event and no living owner, oldest first."""
        self._check_open()
        rows = sorted((row for row in self._rows() if row.parent_id is None), key=_age)
        return [
            row.run_id
            for row in rows
            if row.status in _OPEN and self.disk.run(row.run_id).owner not in self.disk.alive
        ]

    async def signal(self, signal: Signal) -> None:
        """Record a wish, once."""
        self._check_open()
        self.disk.here(signal.run_id)
        self.disk.signals.setdefault((signal.run_id, signal.key), signal)

    async def signals(self, run_ids: Sequence[str]) -> list[Signal]:
        """Return wishes not yet consumed, oldest first."""
        self._check_open()
        wanted = set(run_ids)
        return [
            signal
            for place, signal in self.disk.signals.items()
            if signal.run_id in wanted and place not in self.disk.consumed
        ]

    async def consume(self, signals: Sequence[Signal]) -> None:
        """Mark wishes as turned into events."""
        self._check_open()
        self.disk.consumed.update((signal.run_id, signal.key) for signal in signals)

    async def close(self) -> None:
        """End this owner's life."""
        self._closed = True
        self.disk.alive.discard(self._owner)

    def _append(self, batch: Batch) -> None:
        self._check_open()
        check_batch(batch)
        run = self.disk.runs.get(batch.run_id)
        if run is None or (run.head.epoch, run.head.seq) != (batch.epoch, batch.expected_head):
            raise Fenced(f"run {batch.run_id}: not at event {batch.expected_head} any more")
        last = batch.events[-1]
        run.row, run.head = _bytes(batch.row), Head(last.seq, last.hash, batch.epoch)
        marks = batch.marks or marks_of(batch.events, batch.row.updated_at)
        self.disk.add(batch.events, marks, batch.blobs)
        self.disk.attempts |= {row.run_id: row for row in batch.attempts}

    def _claimed(self, run_id: str) -> Claim:
        head = self.disk.run(run_id).head
        claim = Claim(run_id, head.epoch, head.seq, head.hash)
        self._held.confirm(claim)
        return claim

    def _rows(self) -> list[RunRow]:
        return [_row.validate_json(run.row) for run in self.disk.runs.values()]

    def _check_open(self) -> None:
        if self._closed:
            raise LogError("the store is closed")


_row = TypeAdapter(RunRow)


def run_row(stored: bytes) -> RunRow:
    """Return a projection as it was kept."""
    return _row.validate_json(stored)


def _bytes(row: RunRow) -> bytes:
    return _row.dump_json(row)


def _age(row: RunRow) -> tuple[object, ...]:
    return row.created_at, row.run_id


def _fits(row: RunRow, wanted: RunsWanted) -> bool:
    return (
        not (wanted.root_only and row.parent_id)
        and (not wanted.statuses or row.status in wanted.statuses)
        and (wanted.spaces is None or row.space in wanted.spaces)
        and wanted.task in (None, row.task)
        and wanted.step in (None, row.step)
        and (wanted.before is None or _age(row) < wanted.before)
    )


def _attempt(row: RunRow, settled: AttemptRow | None) -> Attempt:
    return Attempt(
        row.run_id,
        row.space,
        row.task,
        row.step or "",
        row.subject,
        row.digest or "",
        row.model,
        row.status,
        row.bill.total_usd,
        row.usage.input_tokens,
        row.usage.output_tokens,
        row.created_at,
        row.ended_at,
        settled,
    )
