"""Reads run beside the writer, each on a connection of its own, never on the event loop."""

import asyncio
import sqlite3
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from callboard.domain.errors import CallboardError
from callboard.stores.sqlite.failures import StoreUnavailable

T = TypeVar("T")


class Readers:
    """A few threads with read-only connections, opened when they are first needed."""

    def __init__(
        self,
        connect: Callable[[], sqlite3.Connection],
        explain: Callable[[Exception], CallboardError],
        threads: int = 4,
    ) -> None:
        self._connect = connect
        self._explain = explain
        self._idle: deque[sqlite3.Connection] = deque()
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="callboard-reader")
        self._closed = False

    async def run(self, query: Callable[[sqlite3.Connection], T]) -> T:
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

    def _on(self, query: Callable[[sqlite3.Connection], T]) -> T:
        connection: sqlite3.Connection | None = None
        try:
            connection = self._idle.pop() if self._idle else self._connect()
            return query(connection)
        except (sqlite3.Error, ValueError, OverflowError) as error:
            raise self._explain(error) from error
        finally:
            if connection is not None:
                self._idle.append(connection)
