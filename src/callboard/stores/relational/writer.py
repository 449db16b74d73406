"""One thread writes; whatever is waiting goes into one transaction and is made durable at once."""

import asyncio
import contextlib
import time
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import Any, Final, TypeVar

from callboard.domain.errors import CallboardError, StoreUnavailable
from callboard.ports.event_store import Batch, Claim
from callboard.stores.relational.driver import Driver
from callboard.stores.relational.jobs import (
    AnyJob,
    Creation,
    Job,
    Release,
    Work,
    deliver,
    in_turn,
    told,
    works,
)
from callboard.stores.relational.session import Session

T = TypeVar("T")
_PAUSE_S: Final = 0.1


class Writer:
    """The only connection that writes, and its thread.

    Works commit in the order of submission. One that fails does not disturb the others of its group. Where the
    connection breaks, the group is tried again on another one for as long as the driver is patient.
    """

    def __init__(self, driver: Driver) -> None:
        """Connect, or raise one of the driver's failures."""
        self._driver = driver
        self._session: Session | None = driver.connect()
        self._queue: SimpleQueue[AnyJob | None] = SimpleQueue()
        self._closed = self._doubtful = False
        self._ending = Event()
        self._thread = Thread(target=self._run, name="callboard-writer", daemon=True)
        self._thread.start()

    def submit(self, work: Work[T]) -> "asyncio.Future[T]":
        """Queue a piece of work; the future is done when it is durable. Call it on an event loop."""
        return self._enqueue(Job(work, _future()))

    def append(self, batch: Batch) -> "asyncio.Future[None]":
        """Queue a batch of events; batches that wait together are stored together."""
        return self._enqueue(Job(batch, _future()))

    def create(self, new: Creation) -> "asyncio.Future[Claim]":
        """Queue a new run; those that wait together are stored together. Fails with RunExists."""
        return self._enqueue(Job(new, _future()))

    def release(self, given: Release) -> "asyncio.Future[None]":
        """Queue a claim that is given back."""
        return self._enqueue(Job(given, _future()))

    def close(self) -> None:
        """Finish what is queued and end the thread. Blocks; may be called again."""
        self._closed = True
        self._ending.set()
        self._queue.put(None)
        self._thread.join()

    def _enqueue(self, job: Job[T]) -> "asyncio.Future[T]":
        if self._closed:
            job.future.set_exception(_closed())
        else:
            self._queue.put(job)
        return job.future

    def _run(self) -> None:
        while group := self._next_group():
            self._commit(group)
            deliver(group)
        self._let_go()
        late = self._drain()
        for job in late:
            job.failure = _closed()
        deliver(late)

    def _next_group(self) -> list[AnyJob]:
        first = self._queue.get()
        if first is None:
            return []
        return [first, *self._drain()]

    def _drain(self) -> list[AnyJob]:
        jobs: list[AnyJob] = []
        with contextlib.suppress(Empty):
            while (job := self._queue.get_nowait()) is not None:
                jobs.append(job)
            self._queue.put(None)  # the end was drained with the last jobs: leave it for the loop
        return jobs

    def _commit(self, group: list[AnyJob]) -> None:
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
        self, jobs: list[AnyJob], *, together: bool
    ) -> tuple[list[AnyJob], Exception | None]:
        """Run one transaction; return the jobs that broke it (the database itself did: all) and why."""
        culprits = jobs
        try:
            session = self._connected()
            session.doubtful = self._doubtful
            parts = in_turn(jobs) if together else [[job] for job in jobs]
            if len(parts) == 1 and isinstance(jobs[0].work, Batch):
                told(jobs, self._driver.append_alone(session, works(jobs, Batch)))
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

    def _attempt(self, session: Session, jobs: list[AnyJob]) -> None:
        """Do the work of jobs of one kind."""
        first = jobs[0].work
        if isinstance(first, Batch):
            told(jobs, self._driver.append(session, works(jobs, Batch)))
        elif isinstance(first, Creation):
            told(jobs, self._driver.create(session, works(jobs, Creation)))
        elif isinstance(first, Release):
            self._driver.release(session, works(jobs, Release))
        else:
            told(jobs, [_outcome(first, session)])

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


def _future() -> "asyncio.Future[Any]":
    return asyncio.get_running_loop().create_future()


def _outcome(work: Work[T], session: Session) -> T | CallboardError:
    try:
        return work(session)
    except CallboardError as refusal:
        return refusal


def _closed() -> StoreUnavailable:
    return StoreUnavailable("the store is closed")
