"""Reads run beside the writer, each on a connection of its own, never on the event loop."""

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from callboard.domain.errors import StoreUnavailable
from callboard.stores.relational.driver import Driver
from callboard.stores.relational.session import Session

T = TypeVar("T")


class Readers:
    """A few threads with read-only connections, opened when they are first needed."""

    def __init__(self, driver: Driver, threads: int = 4) -> None:
        self._driver = driver
        self._idle: deque[Session] = deque()
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="callboard-reader")
        self._closed = False

    async def run(self, query: Callable[[Session], T]) -> T:
        """Return what the query returns; it sees one consistent state per statement.

        Raises:
            StoreUnavailable: the store is closed or cannot be read.
        """
        if self._closed:
            raise StoreUnavailable("the store is closed")
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._on, query)

    def close(self) -> None:
        """Wait for running queries and close the connections. Blocks; may be called again."""
        self._closed = True
        self._threads.shutdown()
        while self._idle:
            self._idle.pop().close()

    def _on(self, query: Callable[[Session], T]) -> T:
        """Ask; a connection that turns out to be lost is replaced, and the question asked once more."""
        try:
            return self._asked(query)
        except self._driver.failures as error:
            if not self._driver.is_lost(error):
                raise self._driver.explain(error) from error
        try:
            return self._asked(query)
        except self._driver.failures as error:
            raise self._driver.explain(error) from error

    def _asked(self, query: Callable[[Session], T]) -> T:
        session = self._idle.pop() if self._idle else self._driver.connect(read_only=True)
        try:
            answer = query(session)
        except self._driver.failures as error:
            if self._driver.is_lost(error):
                session.close()
            else:
                self._idle.append(session)
            raise
        except BaseException:
            self._idle.append(session)
            raise
        self._idle.append(session)
        return answer
