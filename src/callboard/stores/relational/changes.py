"""Noticing that something was written, here or by another process."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Final, Protocol

from callboard.stores.relational.threads import Listen, silent

_PAUSE_S: Final = 0.05
"""How often a database is asked that does not tell: it takes some millionths of a second."""

_RARELY_S: Final = 0.25
"""The same where writes to its file are heard of: one may be missed."""

_SOON_S: Final = (0.0005, 0.0005, 0.001, 0.001, 0.001, 0.002, 0.002, 0.004, 0.004, 0.008, 0.016)
"""When it is asked after somebody wrote to its file: what was written can be read once it is on the disk."""


class Writes(Protocol):
    """Writes to what a database keeps its changes in."""

    def are_heard(self) -> bool:
        """Return whether the system tells of them now."""
        ...

    async def wait(self, within_s: float) -> bool:
        """Come back after a write, or when the time is over; return whether there was one. A write may be missed."""
        ...

    def close(self) -> None:
        """Hear of nothing more."""
        ...


class Unheard:
    """Writes that nobody tells of."""

    def are_heard(self) -> bool:
        """See `Writes`."""
        return False

    async def wait(self, within_s: float) -> bool:
        """See `Writes`."""
        await asyncio.sleep(within_s)
        return False

    def close(self) -> None:
        """See `Writes`."""


class Changes:
    """A `number` that changes with what is written, and a way to wait for that. `listen` calls whoever waits where the
    database tells; where it does not, `writes` says when to ask.
    """

    def __init__(self, number: Callable[[], int], listen: Listen, writes: Writes) -> None:
        self.number = number
        self._listen = listen
        self._writes = writes

    async def wait(self, seen: int, within_s: float) -> None:
        """See `ports.unattended.Unattended.changed`."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await (self._ask(seen) if self._listen is silent else self._hear(seen))

    async def _ask(self, seen: int) -> None:
        while self.number() == seen:
            pause_s = _RARELY_S if self._writes.are_heard() else _PAUSE_S
            if await self._writes.wait(pause_s):
                await self._ask_soon(seen)

    async def _ask_soon(self, seen: int) -> None:
        for pause in _SOON_S:
            if self.number() != seen:
                return
            await asyncio.sleep(pause)

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
