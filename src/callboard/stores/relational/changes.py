"""Noticing that something was written, here or by another process."""

import asyncio
import contextlib
from typing import Final

from callboard.stores.relational.threads import Listen, silent
from callboard.stores.relational.watch import Watch

_PAUSE_S: Final = 0.05
"""How often a database is asked that does not tell: it takes some millionths of a second."""


class Changes:
    """A number that changes with what is written, and a way to wait for that. `listen` calls whoever waits where the
    database tells.
    """

    def __init__(self, watch: Watch, listen: Listen) -> None:
        self._watch = watch
        self._listen = listen

    def number(self) -> int:
        """See `ports.unattended.Unattended.changes`."""
        return self._watch.changes()

    async def wait(self, seen: int, within_s: float) -> None:
        """See `ports.unattended.Unattended.changed`."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await (self._ask(seen) if self._listen is silent else self._hear(seen))

    async def _ask(self, seen: int) -> None:
        while self.number() == seen:  # noqa: ASYNC110 - the database tells nobody
            await asyncio.sleep(_PAUSE_S)

    async def _hear(self, seen: int) -> None:
        loop, told = asyncio.get_running_loop(), asyncio.Event()

        def tell() -> None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(told.set)

        stop = self._listen(tell)
        try:
            while self.number() == seen:
                await told.wait()
                told.clear()
        finally:
            stop()
