"""What is done again and again beside the tasks: schedules, notices, and what is on its way outside."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from callboard.domain.errors import CallboardError

_log = logging.getLogger(__name__)

Turn = Callable[[], Awaitable[int]]


class Hand(Protocol):
    """What works beside others in a process: `callboard.usecases.worker.Worker`, for one."""

    async def start(self) -> None:
        """Begin to work."""
        ...

    @property
    def is_at_work(self) -> bool:
        """Whether it has begun to work and goes on with it."""
        ...

    def wake(self) -> None:
        """Look for work at once."""
        ...

    async def stop(self, grace_s: float = 10.0) -> None:
        """Begin nothing more, and leave what is under way so that it can be taken up again."""
        ...


@dataclass(slots=True)
class Rounds:
    """Takes turns every `every_s` seconds inside this process. One that fails keeps no other from its turn. A database that is
    away, or lets nobody in any more, is said once.
    """

    turns: Sequence[Turn]
    every_s: float = 1.0
    _awake: asyncio.Event = field(default_factory=asyncio.Event)
    _stopping: bool = False
    _said: type[CallboardError] | None = None
    _loop: "asyncio.Task[None] | None" = None

    async def turn(self) -> int:
        """Take every turn once; return how much was done."""
        done, away = 0, None
        for turn in self.turns:
            try:
                done += await turn()
            except CallboardError as error:
                away = away or error
            except Exception:  # noqa: BLE001 - one's fault must not stop the others, nor the next round
                _log.exception("a turn of the rounds failed")
        self._say_whether(away)
        return done

    @property
    def is_at_work(self) -> bool:
        """Whether it goes round."""
        return self._loop is not None and not self._loop.done()

    async def start(self) -> None:
        """Begin to go round."""
        self._stopping = False
        self._loop = asyncio.create_task(self._run())

    def wake(self) -> None:
        """Go round at once."""
        self._awake.set()

    async def stop(self, grace_s: float = 10.0) -> None:
        """Finish the round that is under way, if it takes no longer than that, and go no further. What is left is
        taken up by whoever comes next.
        """
        if self._loop is None:
            return
        self._stopping = True
        self.wake()
        await asyncio.wait((self._loop,), timeout=grace_s)
        self._loop.cancel()
        await asyncio.gather(self._loop, return_exceptions=True)
        self._loop = None

    def _say_whether(self, away: CallboardError | None) -> None:
        """Say why it cannot be done, or that it can be again, where that is news."""
        if away is not None and type(away) is not self._said:
            _log.warning("schedules and notices wait: %s", away)
        if away is None and self._said is not None:
            _log.warning("schedules and notices go on")
        self._said = None if away is None else type(away)

    async def _run(self) -> None:
        while not self._stopping:
            self._awake.clear()
            await self.turn()
            if not self._stopping:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._awake.wait(), self.every_s)


@dataclass(frozen=True, slots=True)
class Hands:
    """Several that work side by side, as one."""

    all: Sequence[Hand]

    @property
    def is_at_work(self) -> bool:
        """Whether all are."""
        return all(hand.is_at_work for hand in self.all)

    async def start(self) -> None:
        """Let all begin."""
        for hand in self.all:
            await hand.start()

    def wake(self) -> None:
        """Let all look at once."""
        for hand in self.all:
            hand.wake()

    async def stop(self, grace_s: float = 10.0) -> None:
        """Let all end, at the same time."""
        await asyncio.gather(*(hand.stop(grace_s) for hand in self.all))
