"""Room under limits: held while something goes on, waited for in line while there is none.

Of all that wait in this process for the same name only the first one asks the database, so a thousand that wait cost
as much as one. What is given back here wakes the first one at once; what other processes give back it finds by looking.
"""

import asyncio
import zlib
from collections import deque
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Final

from callboard.domain.errors import CallboardError, NoRoom
from callboard.engine.pacing import Ask, Full
from callboard.ports.clock import Clock
from callboard.ports.limiter import Limiter
from callboard.runtime.side_by_side import first_of

_FIRST_LOOK_S: Final = 0.01
_LAST_LOOK_S: Final = 0.25


class Slots:
    """What goes on in this process under limits."""

    def __init__(self, limiter: Limiter, clock: Clock) -> None:
        self.limiter = limiter
        self._clock = clock
        self._lines: dict[str, deque[asyncio.Event]] = {}

    async def take(self, holder: str, asks: Sequence[Ask]) -> Full | None:
        """Take room under all names without waiting, or return what is in the way. Whoever is interrupted meanwhile
        has none.
        """
        try:
            return await self.limiter.take(holder, asks)
        except asyncio.CancelledError:
            await self.give_back(holder, asks)
            raise

    async def give_back(self, holder: str, asks: Sequence[Ask] = ()) -> None:
        """Give back what a holder has. Where the store is gone it is free again with the end of this process."""
        with suppress(CallboardError):
            await self.limiter.give_back(holder)
        for ask in asks:
            if line := self._lines.get(ask.name):
                line[0].set()

    @asynccontextmanager
    async def held(
        self, holder: str, asks: Sequence[Ask], *, patience_s: float | None = None
    ) -> AsyncGenerator[None]:
        """Hold room under all names while the block lasts, and wait for it before.

        Args:
            holder: who holds it; what it holds already is given back with the rest.
            asks: the names; none: there is nothing to wait for.
            patience_s: how long to wait, in seconds; None: until there is room.

        Raises:
            NoRoom: there was none in time.
        """
        if not asks:
            yield
            return
        until = None if patience_s is None else self._clock.monotonic() + patience_s
        try:
            await self._wait(holder, asks, until)
            yield
        finally:
            await self.give_back(holder, asks)

    async def _wait(self, holder: str, asks: Sequence[Ask], until: float | None) -> None:
        """Wait in one line after another, as long as there is no room under one of the names."""
        name = next((ask.name for ask in asks if ask.name in self._lines), None)
        if name is None:
            full = await self.take(holder, asks)
            name = None if full is None else full.name
        while name is not None:
            full = await self._in_line(name, holder, asks, until)
            if full is not None and self._is_over(until):
                raise NoRoom(f"{full.name} is full: {full}; try again when there is room")
            name = None if full is None else full.name

    async def _in_line(
        self, name: str, holder: str, asks: Sequence[Ask], until: float | None
    ) -> Full | None:
        """Stand in the line for a name until there is room. Return what is in the way where that is another name by
        now, or where the time is over.
        """
        line, turn = self._lines.setdefault(name, deque()), asyncio.Event()
        line.append(turn)
        looks = 0
        try:
            if line[0] is not turn:
                await self._until(turn, None if until is None else self._left(until))
            while line[0] is turn:
                turn.clear()
                full = await self.take(holder, asks)
                if full is None or full.name != name or self._is_over(until):
                    return full
                await self._until(turn, min(_pause(holder, looks, full), self._left(until)))
                looks += 1
            return Full(name)
        finally:
            line.remove(turn)
            if line:
                line[0].set()
            else:
                self._lines.pop(name, None)

    async def _until(self, turn: asyncio.Event, seconds: float | None) -> None:
        """Wait until it is one's turn to look, `seconds` at most."""
        over = () if seconds is None else (self._clock.sleep(seconds),)
        await first_of((turn.wait(), *over))

    def _left(self, until: float | None) -> float:
        return float("inf") if until is None else max(0.0, until - self._clock.monotonic())

    def _is_over(self, until: float | None) -> bool:
        return until is not None and self._clock.monotonic() >= until


def _pause(holder: str, looks: int, full: Full) -> float:
    """Return how long to wait before the next look: a little longer each time, and not the same for all."""
    pause = min(_FIRST_LOOK_S * 2 ** min(looks, 8), _LAST_LOOK_S)
    if full.wait_s is not None:
        pause = max(full.wait_s, _FIRST_LOOK_S)
    return pause * (1 + zlib.crc32(holder.encode()) % 1024 / 4096)
