"""Handing what many runs append to the store together, at the end of a turn of the event loop."""

import asyncio
from collections.abc import Callable


class Handover:
    """Calls, once a turn of an event loop is over, all who asked for it in that turn, in order.

    A store's thread that waits for the interpreter is woken by each piece that the loop sends, mostly in vain. Where
    many runs go on side by side it is woken half as often when their batches come together, and one callback does for
    all of them.
    """

    def __init__(self) -> None:
        self._due: dict[asyncio.AbstractEventLoop, list[Callable[[], None]]] = {}

    def after_turn(self, loop: asyncio.AbstractEventLoop, hand_over: Callable[[], None]) -> None:
        """Have `hand_over` called, which must not raise. Call it on the loop."""
        due = self._due.get(loop)
        if due is None:
            due = self._due[loop] = []
            loop.call_soon(self._hand_over, loop)
        due.append(hand_over)

    def _hand_over(self, loop: asyncio.AbstractEventLoop) -> None:
        for hand_over in self._due.pop(loop):
            hand_over()
