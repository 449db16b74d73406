"""What is done again and again beside the tasks: schedules, notices, and what is on its way outside."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

_log = logging.getLogger(__name__)

Turn = Callable[[], Awaitable[int]]


@dataclass(slots=True)
class Rounds:
    """Takes turns every `every_s` seconds inside this process. One that fails keeps no other from its turn."""

    turns: Sequence[Turn]
    every_s: float = 1.0
    _loop: "asyncio.Task[None] | None" = field(default=None)

    async def turn(self) -> int:
        """Take every turn once; return how much was done."""
        return sum([await _taken(turn) for turn in self.turns])

    async def start(self) -> None:
        """Begin to go round."""
        self._loop = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Go no further. What was under way is taken up by whoever comes next."""
        if self._loop is not None:
            self._loop.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._loop
            self._loop = None

    async def _run(self) -> None:
        while True:
            await self.turn()
            await asyncio.sleep(self.every_s)


async def _taken(turn: Turn) -> int:
    try:
        return await turn()
    except Exception:  # noqa: BLE001 - one's fault must not stop the others, nor the next round
        _log.exception("a turn of the rounds failed")
        return 0
