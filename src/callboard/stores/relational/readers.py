"""Reads run beside the writer, each on a connection of its own, never on the event loop."""

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Final, TypeVar

from callboard.domain.errors import StoreUnavailable
from callboard.stores.relational.driver import Driver
from callboard.stores.relational.session import Session

T = TypeVar("T")
_MOMENT_S: Final = 3.0
"""Somebody may sit in front of a page."""
_PAUSE_S: Final = 0.1


class Readers:
    """A few threads with read-only connections, opened when they are first needed. `moment_s`: for how long at most a
    server may be away before whoever reads is told.
    """

    def __init__(self, driver: Driver, threads: int = 4, *, moment_s: float = _MOMENT_S) -> None:
        self._driver = driver
        self._moment_s = moment_s
        self._idle: deque[Session] = deque()
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="callboard-reader")
        self._closed = Event()

    async def run(self, query: Callable[[Session], T]) -> T:
        """Return what the query returns; it sees one consistent state per statement.

        Raises:
            StoreUnavailable: the store is closed or cannot be read.
        """
        if self._closed.is_set():
            raise StoreUnavailable("the store is closed")
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._on, query)

    def close(self) -> None:
        """Wait for running queries and close the connections. Blocks; may be called again."""
        self._closed.set()
        self._threads.shutdown()
        self._drop()

    def _on(self, query: Callable[[Session], T]) -> T:
        """Ask; where the connection is lost, ask again on another one, for as long as a server may be away."""
        until = time.monotonic() + min(self._driver.patience_s, self._moment_s)
        pause_s = 0.0  # a server that was away may be back long since
        while True:
            try:
                return self._asked(query)
            except self._driver.failures as error:
                is_late = time.monotonic() >= until
                if is_late or not self._driver.is_lost(error) or self._closed.wait(pause_s):
                    raise self._driver.explain(error) from error
            self._drop()
            pause_s = _PAUSE_S

    def _drop(self) -> None:
        """Close what nobody uses at the moment: what one of them lost, the others did too."""
        with contextlib.suppress(IndexError):
            while True:
                self._idle.pop().close()

    def _asked(self, query: Callable[[Session], T]) -> T:
        session = self._session()
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

    def _session(self) -> Session:
        with contextlib.suppress(IndexError):  # another thread may take the last one at any moment
            return self._idle.pop()
        return self._driver.connect(read_only=True)
