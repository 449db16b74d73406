"""Bounds on the waits of many calls at once, with one timer for all of them.

`asyncio.timeout` sets a timer and takes it back for every call and every piece of an answer, though hardly a call is
ever late. Here a bound is a number that is looked at when the earliest of them may have passed.
"""

import asyncio
from math import inf
from types import TracebackType
from typing import Self


class Deadline:
    """Until when the current task may be in a block. As with `asyncio.timeout_at`, the block ends in a `TimeoutError`
    where it was late, and a cancellation from elsewhere stays one.

    Args:
        deadlines: those of the event loop.
        at: a time of its clock.
    """

    __slots__ = ("_all", "_cancelling", "_late", "_task", "at")

    def __init__(self, deadlines: "Deadlines", at: float) -> None:
        task = asyncio.current_task(deadlines.loop)
        if task is None:
            raise RuntimeError("A deadline is kept by a task.")
        self.at = at
        self._all = deadlines
        self._task = task
        self._cancelling = task.cancelling()
        self._late = False

    def move(self, at: float) -> None:
        """Be due at another time of the event loop's clock."""
        self.at = at
        self._all.due_by(at)

    def pass_by(self) -> None:
        """End the wait of the task."""
        self._late = True
        self._all.running.discard(self)
        self._task.cancel()

    def __enter__(self) -> Self:
        self._all.running.add(self)
        self._all.due_by(self.at)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._all.running.discard(self)
        if not self._late:
            return
        elsewhere = self._task.uncancel() > self._cancelling
        if kind is asyncio.CancelledError and not elsewhere:
            raise TimeoutError from error


class Deadlines:
    """The deadlines of one event loop, `loop`. `running` are those that somebody is in."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.running: set[Deadline] = set()
        self._due = inf
        self._timer: asyncio.TimerHandle | None = None

    def due_by(self, at: float) -> None:
        """See to it that the deadlines are looked at by then."""
        if at < self._due:
            self.close()
            self._due = at
            self._timer = self.loop.call_at(at, self._look)

    def close(self) -> None:
        """Take the timer back."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self._due = None, inf

    def _look(self) -> None:
        self._timer, self._due = None, inf
        now = self.loop.time()
        for deadline in [each for each in self.running if each.at <= now]:
            deadline.pass_by()
        # Whoever begins sets a timer again where nobody is left.
        self.due_by(min((each.at for each in self.running), default=inf))
