"""One thread writes; whatever is waiting goes into one transaction and is made durable at once."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import Any, Final, Generic, TypeVar

from callboard.domain.errors import CallboardError, StoreUnavailable
from callboard.ports.event_store import Batch
from callboard.stores.relational.driver import Driver
from callboard.stores.relational.session import Session

T = TypeVar("T")
Work = Callable[[Session], T]
"""A piece of a transaction. Raises a CallboardError only before it has written anything.

What was committed while the connection broke may be done once more: a piece of work whose effect is there
already says so, or refuses.
"""

_PAUSE_S: Final = 0.1


@dataclass(slots=True, eq=False)
class _Job(Generic[T]):
    work: Work[T] | Batch
    future: "asyncio.Future[T]"
    result: T | None = None
    failure: CallboardError | None = None

    def settle(self) -> None:
        if self.future.done():  # cancelled by whoever waited; the work is done all the same
            return
        if self.failure is not None:
            self.future.set_exception(self.failure)
        else:
            self.future.set_result(self.result)  # pyright: ignore[reportArgumentType] - T may be None


_AnyJob = _Job[Any]


class Writer:
    """The only connection that writes, and its thread.

    Works commit in the order of submission. One that fails does not disturb the others of its group. Where the
    connection breaks, the group is tried again on another one for as long as the driver is patient.
    """

    def __init__(self, driver: Driver) -> None:
        """Connect, or raise one of the driver's failures."""
        self._driver = driver
        self._session: Session | None = driver.connect()
        self._queue: SimpleQueue[_AnyJob | None] = SimpleQueue()
        self._closed = self._doubtful = False
        self._ending = Event()
        self._thread = Thread(target=self._run, name="callboard-writer", daemon=True)
        self._thread.start()

    def submit(self, work: Work[T]) -> "asyncio.Future[T]":
        """Queue a piece of work; the future is done when it is durable. Call it on an event loop."""
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        return self._enqueue(_Job(work, future))

    def append(self, batch: Batch) -> "asyncio.Future[None]":
        """Queue a batch of events; batches that wait together are stored together."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        return self._enqueue(_Job(batch, future))

    def close(self) -> None:
        """Finish what is queued and end the thread. Blocks; may be called again."""
        self._closed = True
        self._ending.set()
        self._queue.put(None)
        self._thread.join()

    def _enqueue(self, job: _Job[T]) -> "asyncio.Future[T]":
        if self._closed:
            job.future.set_exception(_closed())
        else:
            self._queue.put(job)
        return job.future

    def _run(self) -> None:
        while group := self._next_group():
            self._commit(group)
            _deliver(group)
        self._let_go()
        late = self._drain()
        for job in late:
            job.failure = _closed()
        _deliver(late)

    def _next_group(self) -> list[_AnyJob]:
        first = self._queue.get()
        if first is None:
            return []
        return [first, *self._drain()]

    def _drain(self) -> list[_AnyJob]:
        jobs: list[_AnyJob] = []
        with contextlib.suppress(Empty):
            while (job := self._queue.get_nowait()) is not None:
                jobs.append(job)
            self._queue.put(None)  # the end was drained with the last jobs: leave it for the loop
        return jobs

    def _commit(self, group: list[_AnyJob]) -> None:
        waiting, together, self._doubtful = group, True, False
        until = time.monotonic() + self._driver.patience_s
        while waiting:
            culprits, error = self._transact(waiting, together=together)
            if error is None:
                self._driver.committed()
                break
            if self._is_lost(error):
                self._doubtful = True
                if time.monotonic() < until and not self._ending.wait(_PAUSE_S):
                    continue
                culprits = waiting
            elif len(culprits) > 1 and together:  # which of the batches was it?
                together = False
                continue
            for job in culprits:
                job.failure = self._driver.explain(error)
            waiting = [job for job in waiting if job not in culprits]

    def _transact(
        self, jobs: list[_AnyJob], *, together: bool
    ) -> tuple[list[_AnyJob], Exception | None]:
        """Run one transaction; return the jobs that broke it (the database itself did: all) and why."""
        culprits = jobs
        try:
            session = self._connected()
            session.doubtful = self._doubtful
            parts = _in_turn(jobs) if together else [[job] for job in jobs]
            if len(parts) == 1 and isinstance(jobs[0].work, Batch):
                _refused(jobs, self._driver.append_alone(session, _batches(jobs)))
                return [], None
            session.begin()
            for culprits in parts:
                self._attempt(session, culprits)
            culprits = jobs
            session.commit()
        except Exception as error:  # noqa: BLE001 - whatever it is, the thread lives on
            self._roll_back()
            return culprits, error
        return [], None

    def _attempt(self, session: Session, jobs: list[_AnyJob]) -> None:
        first = jobs[0].work
        if isinstance(first, Batch):
            _refused(jobs, self._driver.append(session, _batches(jobs)))
            return
        jobs[0].failure = None
        try:
            jobs[0].result = first(session)
        except CallboardError as refusal:
            jobs[0].failure = refusal

    def _connected(self) -> Session:
        if self._session is None:
            self._session = self._driver.connect()
        return self._session

    def _is_lost(self, error: Exception) -> bool:
        """Let go of a connection that is of no use any more; return whether it was that."""
        if not self._driver.is_lost(error):
            return False
        self._let_go()
        return True

    def _roll_back(self) -> None:
        with contextlib.suppress(*self._driver.failures):
            if self._session is not None:
                self._session.rollback()

    def _let_go(self) -> None:
        with contextlib.suppress(*self._driver.failures):
            if self._session is not None:
                self._session.close()
        self._session = None


def _in_turn(jobs: list[_AnyJob]) -> list[list[_AnyJob]]:
    """Return the jobs one by one, but batches that follow each other together."""
    parts: list[list[_AnyJob]] = []
    for job in jobs:
        if parts and isinstance(job.work, Batch) and isinstance(parts[-1][-1].work, Batch):
            parts[-1].append(job)
        else:
            parts.append([job])
    return parts


def _batches(jobs: list[_AnyJob]) -> list[Batch]:
    return [job.work for job in jobs if isinstance(job.work, Batch)]


def _refused(jobs: list[_AnyJob], refusals: Sequence[CallboardError | None]) -> None:
    for job, refusal in zip(jobs, refusals, strict=True):
        job.failure = refusal


def _closed() -> StoreUnavailable:
    return StoreUnavailable("the store is closed")


def _deliver(jobs: list[_AnyJob]) -> None:
    """Complete the futures, waking each event loop once."""
    by_loop: dict[asyncio.AbstractEventLoop, list[_AnyJob]] = {}
    for job in jobs:
        by_loop.setdefault(job.future.get_loop(), []).append(job)
    for loop, theirs in by_loop.items():
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(_settle, theirs)


def _settle(jobs: list[_AnyJob]) -> None:
    for job in jobs:
        job.settle()
