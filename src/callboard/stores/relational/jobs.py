"""What waits for the writer, and which of it is done together."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final, Generic, NamedTuple, TypeVar

from callboard.domain.errors import CallboardError
from callboard.domain.events.codec import GENESIS, Blob, Sealed
from callboard.domain.run_row import RunRow
from callboard.ports.event_store import Batch, Claim
from callboard.stores.relational.session import Session

T = TypeVar("T")
Work = Callable[[Session], T]
"""A piece of a transaction. Raises a CallboardError only before it has written anything.

What was committed while the connection broke may be done once more: a piece of work whose effect is there
already says so, or refuses.
"""

ANCHORED: Final = frozenset({"waiting", "completed", "failed", "cancelled"})
"""The standings in which a run's log goes into the deployment's log."""


class Creation(NamedTuple):
    """A new run with its first events, for an owner."""

    events: Sequence[Sealed]
    row: RunRow
    blobs: Sequence[Blob]
    owner: str

    @property
    def claim(self) -> Claim:
        """What its owner has of it."""
        head, head_hash = (
            (self.events[-1].seq, self.events[-1].hash) if self.events else (0, GENESIS)
        )
        return Claim(self.row.run_id, 1, head, head_hash)

    @property
    def has_past(self) -> bool:
        """Whether its log goes into the deployment's log at once, as that of a fork."""
        return len(self.events) > 1 or self.row.status in ANCHORED


class Release(NamedTuple):
    """A claim that its owner gives back."""

    claim: Claim
    owner: str


@dataclass(slots=True, eq=False)
class Job(Generic[T]):
    """A piece of work and whoever waits for it."""

    work: Work[T] | Batch | Creation | Release
    future: "asyncio.Future[T]"
    result: T | None = None
    failure: CallboardError | None = None

    def settle(self) -> None:
        """Tell whoever waits, on their event loop."""
        if self.future.done():  # cancelled by whoever waited; the work is done all the same
            return
        if self.failure is not None:
            self.future.set_exception(self.failure)
        else:
            self.future.set_result(self.result)  # pyright: ignore[reportArgumentType] - T may be None


AnyJob = Job[Any]
K = TypeVar("K", Batch, Creation, Release)


def in_turn(jobs: list[AnyJob]) -> list[list[AnyJob]]:
    """Return the jobs one by one, but those of a kind that follow each other together. Releases wait for what is appended
    and created behind them: they are the last that is done with a run.
    """
    parts: list[list[AnyJob]] = []
    for _, stretch in groupby(jobs, key=_is_by_itself):
        some = list(stretch)
        if _is_by_itself(some[0]):
            parts += ([job] for job in some)
            continue
        releases = [job for job in some if isinstance(job.work, Release)]
        others = (job for job in some if not isinstance(job.work, Release))
        parts += (list(same) for _, same in groupby(others, key=_kind))
        if releases:
            parts.append(releases)
    return parts


def _kind(job: AnyJob) -> type:
    return type(job.work)


def _is_by_itself(job: AnyJob) -> bool:
    return not isinstance(job.work, Batch | Creation | Release)


def works(jobs: Sequence[AnyJob], kind: type[K]) -> list[K]:
    """Return what is to be done of one kind."""
    return [job.work for job in jobs if isinstance(job.work, kind)]


def told(jobs: Sequence[AnyJob], outcomes: Sequence[object]) -> None:
    """Note for each job what came of it: an error of ours is why it was refused."""
    for job, outcome in zip(jobs, outcomes, strict=True):
        refused = isinstance(outcome, CallboardError)
        job.failure, job.result = (outcome, None) if refused else (None, outcome)


def deliver(jobs: Sequence[AnyJob]) -> None:
    """Complete the futures, waking each event loop once."""
    by_loop: dict[asyncio.AbstractEventLoop, list[AnyJob]] = {}
    for job in jobs:
        by_loop.setdefault(job.future.get_loop(), []).append(job)
    for loop, theirs in by_loop.items():
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(_settle, theirs)


def _settle(jobs: list[AnyJob]) -> None:
    for job in jobs:
        job.settle()
