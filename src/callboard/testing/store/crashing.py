"""Stores that fail on purpose, so that every crash point can be enumerated."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Literal

from callboard.domain.attempt_row import Attempt
from callboard.domain.events.codec import Blob, Sealed
from callboard.domain.run_row import RunRow
from callboard.ports.event_store import (
    ROOTS,
    AttemptsWanted,
    Batch,
    Claim,
    EventStore,
    Head,
    RunsWanted,
    Signal,
)


class Crash(BaseException):
    """The process dies here. Not an Exception, so that no handler mistakes it for a failure."""


class CrashingStore:
    """An event store whose process dies at the `at`-th write (from 1; None: never, only count).

    A write is a `create` or an `append`. `when="before"`: the write never reaches the store;
    `when="after"`: it is durable, and nobody learns that. After the crash every call raises `Crash`:
    a dead process does nothing more. `on_crash` lets the rest of a test's world stop with it. `inner` stays open: close it to free its claims, as the kernel would.
    """

    def __init__(
        self,
        inner: EventStore,
        at: int | None = None,
        when: Literal["before", "after"] = "before",
        on_crash: Callable[[], None] = lambda: None,
    ) -> None:
        self.inner = inner
        self.writes = 0
        self.crashed = False
        self._at = at
        self._when = when
        self._on_crash = on_crash

    async def create(
        self, events: Sequence[Sealed], row: RunRow, blobs: Sequence[Blob] = ()
    ) -> Claim:
        """Create a run, or die."""
        last = self._count()
        claim = await self.inner.create(events, row, blobs)
        if last:
            self._die()
        return claim

    def append(self, batch: Batch) -> "asyncio.Future[None]":
        """Append, or die: at once before the write, through the future after it."""
        last = self._count()
        written = self.inner.append(batch)
        if not last:
            return written
        self._stop()
        return asyncio.ensure_future(self._die_after(written))

    async def claim(self, run_id: str, above: Claim | None = None) -> Claim:
        """Take a run over."""
        return await self._living().claim(run_id, above)

    async def release(self, claim: Claim) -> None:
        """Give a claim back."""
        await self._living().release(claim)

    async def read(self, run_id: str, *, after: int = 0) -> list[Sealed]:
        """Return a run's events."""
        return await self._living().read(run_id, after=after)

    async def read_tree(self, root_id: str) -> list[Sealed]:
        """Return the events of a tree."""
        return await self._living().read_tree(root_id)

    async def head(self, run_id: str) -> Head:
        """Return the end of a log."""
        return await self._living().head(run_id)

    async def blobs(self, sha256s: Sequence[str]) -> dict[str, bytes]:
        """Return contents."""
        return await self._living().blobs(sha256s)

    async def row(self, run_id: str) -> RunRow | None:
        """Return a projection."""
        return await self._living().row(run_id)

    async def rows(self, wanted: RunsWanted = ROOTS) -> list[RunRow]:
        """Return projections, newest first."""
        return await self._living().rows(wanted)

    async def attempts(self, wanted: AttemptsWanted) -> list[Attempt]:
        """Return attempts of steps, the oldest first."""
        return await self._living().attempts(wanted)

    async def children(self, run_id: str) -> list[RunRow]:
        """Return children."""
        return await self._living().children(run_id)

    async def unfinished(self) -> list[str]:
        """Return runs that nobody drives."""
        return await self._living().unfinished()

    async def signal(self, signal: Signal) -> None:
        """Record a wish."""
        await self._living().signal(signal)

    async def signals(self, run_ids: Sequence[str]) -> list[Signal]:
        """Return wishes."""
        return await self._living().signals(run_ids)

    async def consume(self, signals: Sequence[Signal]) -> None:
        """Consume wishes."""
        await self._living().consume(signals)

    async def close(self) -> None:
        """Close the inner store."""
        await self.inner.close()

    def _living(self) -> EventStore:
        if self.crashed:
            raise Crash("the process is dead")
        return self.inner

    def _count(self) -> bool:
        """Count a write; return whether the process dies after it."""
        self._living()
        self.writes += 1
        if self.writes != self._at:
            return False
        if self._when == "before":
            self._die()
        return True

    async def _die_after(self, written: "asyncio.Future[None]") -> None:
        await written
        self._die()

    def _stop(self) -> None:
        self.crashed = True
        self._on_crash()

    def _die(self) -> None:
        self._stop()
        raise Crash(f"died {self._when} write {self.writes}")
