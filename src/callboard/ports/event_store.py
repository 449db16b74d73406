"""The event store: the only truth. Append-only, fenced, hash-chained; read projections move with it."""

from asyncio import Future
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, Protocol

from callboard.domain.actor import Actor
from callboard.domain.attempt_row import Attempt, AttemptRow
from callboard.domain.events.codec import Blob, Sealed
from callboard.domain.frozen import value
from callboard.domain.run_row import RunRow
from callboard.domain.thread_mark import Mark


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to append to a run: valid while `epoch` is the run's epoch."""

    run_id: str
    epoch: int
    head: int
    head_hash: str


@value
class Batch:
    """Events to append in one transaction, after position `expected_head`, in epoch `epoch`.

    `row` is the run's projection after these events, `attempts` are those of a task's that they settle; `blobs` are
    stored with them. `marks` are those of the events, one for each; without them the store reads the events again.
    """

    run_id: str
    epoch: int
    expected_head: int
    events: tuple[Sealed, ...]
    row: RunRow
    blobs: tuple[Blob, ...] = ()
    attempts: tuple[AttemptRow, ...] = ()
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True)
class Signal:
    """A wish that reaches a run from outside its driving process: recorded at once, turned into an event
    by whoever drives the run. `key` makes it idempotent per run. `note` is the reason of a `cancel`,
    what is to be said to the agent of a `steer`, and to a task of a `comment`.
    """

    run_id: str
    key: str
    kind: Literal["cancel", "steer", "comment"]
    actor: Actor
    at: datetime
    note: str = ""


@dataclass(frozen=True, slots=True)
class Head:
    """What the store believes about the end of a log: verified against the events themselves."""

    seq: int
    hash: str
    epoch: int


@dataclass(frozen=True, slots=True)
class RunsWanted:
    """Which runs: roots only or all, in these statuses (none named: any), of these spaces (None: all), of one
    task, of one step, created before this time (of those created at it, only ids that sort before this one).
    """

    root_only: bool = True
    statuses: tuple[str, ...] = ()
    spaces: tuple[str, ...] | None = None
    task: str | None = None
    step: str | None = None
    before: tuple[datetime, str] | None = None
    limit: int = 100


ROOTS: Final = RunsWanted()


@dataclass(frozen=True, slots=True)
class AttemptsWanted:
    """Which attempts: of these spaces (None: all), begun from `since` and before `until`, by this agent."""

    spaces: tuple[str, ...] | None = None
    since: datetime | None = None
    until: datetime | None = None
    agent: str | None = None


class EventStore(Protocol):
    """Logs of all runs.

    One owner (a process) drives a run at a time. A claim of a run whose owner is alive raises RunBusy; one
    whose owner died succeeds at once on the same machine.
    """

    async def create(
        self, events: Sequence[Sealed], row: RunRow, blobs: Sequence[Blob] = ()
    ) -> Claim:
        """Create a run with its first events and claim it (epoch 1).

        Raises:
            RunExists: the id is taken.
        """
        ...

    async def claim(self, run_id: str, above: Claim | None = None) -> Claim:
        """Take a run over: its epoch grows by one. `above` is the claim of the run that drives it, where one does.

        Raises:
            Fenced: the claim `above` was lost: whoever has it drives what is below.
            UnknownThing: no such run.
            RunBusy: a living owner drives it, or this process does already.
        """
        ...

    async def release(self, claim: Claim) -> None:
        """Give a claim back. Does nothing if it was lost."""
        ...

    def append(self, batch: Batch) -> "Future[None]":
        """Append in submission order; the future is done when the batch is durable.

        Batches of one run submitted one after the other commit in that order, often in one transaction.
        The future fails with Fenced when the epoch or the head is not the expected one; nothing of the
        batch is stored then.
        """
        ...

    async def read(self, run_id: str, *, after: int = 0) -> list[Sealed]:
        """Return a run's events in order, from position `after` + 1.

        Raises:
            UnknownThing: no such run.
        """
        ...

    async def read_tree(self, root_id: str) -> list[Sealed]:
        """Return the events of a run and of everything below it in the order in which they were stored.

        Raises:
            UnknownThing: no such run.
        """
        ...

    async def head(self, run_id: str) -> Head:
        """Return the recorded end of a log.

        Raises:
            UnknownThing: no such run.
        """
        ...

    async def blobs(self, sha256s: Sequence[str]) -> dict[str, bytes]:
        """Return the contents that are there, by address."""
        ...

    async def row(self, run_id: str) -> RunRow | None:
        """Return a run's projection."""
        ...

    async def rows(self, wanted: RunsWanted = ROOTS) -> list[RunRow]:
        """Return projections, newest first."""
        ...

    async def attempts(self, wanted: AttemptsWanted) -> list[Attempt]:
        """Return attempts of steps with the runs that served them, the oldest first."""
        ...

    async def children(self, run_id: str) -> list[RunRow]:
        """Return the projections of a run's direct children, oldest first."""
        ...

    async def unfinished(self) -> list[str]:
        """Return ids of root runs that have no terminal event and no living owner."""
        ...

    async def signal(self, signal: Signal) -> None:
        """Record a wish; a second one with the same run and key is ignored.

        Raises:
            UnknownThing: no such run.
        """
        ...

    async def signals(self, run_ids: Sequence[str]) -> list[Signal]:
        """Return wishes not yet consumed, oldest first. Cheap when nothing changed."""
        ...

    async def consume(self, signals: Sequence[Signal]) -> None:
        """Mark wishes as turned into events."""
        ...

    async def close(self) -> None:
        """Finish pending appends and release everything."""
        ...
