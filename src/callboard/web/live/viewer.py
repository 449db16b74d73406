"""A tab that watches: what is on its way to it, in order."""

import asyncio
from collections import deque
from typing import Final

MOST_WAITING: Final = 256
"""So many messages may wait for a slow tab; then it is let go, and comes back with its cursors."""


class Viewer:
    """A queue with a bound. `is_slow` once it overflowed, `is_over` once the last message was put."""

    def __init__(self, most: int = MOST_WAITING) -> None:
        self._most = most
        self._waiting: deque[str] = deque()
        self._woken = asyncio.Event()
        self.is_slow = False
        self.is_over = False

    def tell(self, message: str) -> None:
        """Put a message behind the others. Never waits."""
        if self.is_over:
            return
        if len(self._waiting) >= self._most:
            self._waiting.clear()
            self.is_slow = self.is_over = True
        else:
            self._waiting.append(message)
        self._woken.set()

    def end(self, message: str) -> None:
        """Put the last message."""
        self.tell(message)
        self.is_over = True

    async def next(self, within_s: float) -> str | None:
        """Return the next message; None where none came in time, or none will."""
        if not self._waiting and not self.is_over:
            self._woken.clear()
            try:
                async with asyncio.timeout(within_s):
                    await self._woken.wait()
            except TimeoutError:
                return None
        return self._waiting.popleft() if self._waiting else None
