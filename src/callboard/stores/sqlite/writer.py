"""One thread writes; whatever is waiting goes into one transaction and is made durable by one fsync."""

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, Generic, TypeVar

from callboard.domain.errors import CallboardError
from callboard.stores.sqlite.failures import StoreUnavailable

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]
"""A piece of a transaction. Raises a CallboardError only before it has written anything."""


@dataclass(slots=True, eq=False)
class _Job(Generic[T]):
    work: Work[T]
    future: "asyncio.Future[T]"
    result: T | None = None
    failure: CallboardError | None = None

    def attempt(self, connection: sqlite3.Connection) -> None:
        self.failure = None
        try:
            self.result = self.work(connection)
        except CallboardError as refusal:
            self.failure = refusal

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

    Works commit in the order of submission. One that fails does not disturb the others of its group.
    """

    def __init__(
        self, connection: sqlite3.Connection, explain: Callable[[Exception], CallboardError]
    ) -> None:
        self._connection = connection
        self._explain = explain
        self._queue: SimpleQueue[_AnyJob | None] = SimpleQueue()
        self._closed = False
        self._thread = Thread(target=self._run, name="callboard-writer", daemon=True)
        self._thread.start()

    def submit(self, work: Work[T]) -> "asyncio.Future[T]":
        """Queue a piece of work; the future is done when it is durable. Call it on an event loop."""
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        if self._closed:
            future.set_exception(_closed())
        else:
            self._queue.put(_Job(work, future))
        return future

    def close(self) -> None:
        """Finish what is queued and end the thread. Blocks; may be called again."""
        self._closed = True
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        with contextlib.closing(self._connection):
            while group := self._next_group():
                self._commit(group)
                _deliver(group)
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
        waiting = group
        while waiting:
            culprit, error = self._transact(waiting)
            if error is None:
                return
            failed = waiting if culprit is None else [culprit]
            for job in failed:
                job.failure = self._explain(error)
            waiting = [job for job in waiting if job not in failed]

    def _transact(self, jobs: list[_AnyJob]) -> tuple[_AnyJob | None, Exception | None]:
        """Run one transaction; return the job that broke it (None: the database itself) and why."""
        running: _AnyJob | None = None
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            for running in jobs:
                running.attempt(self._connection)
            running = None
            self._connection.execute("COMMIT")
        except Exception as error:  # noqa: BLE001 - whatever it is, the thread lives on
            self._roll_back()
            return running, error
        return None, None

    def _roll_back(self) -> None:
        with contextlib.suppress(sqlite3.Error):
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")


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
