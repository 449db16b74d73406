"""Names that something is limited under, asked for before every call."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Final

_FRESH_S: Final = 1.0


class KnownNames:
    """What `read` returned, a second old at most. Whoever asks while it is read waits for that reading."""

    def __init__(self, read: Callable[[], Awaitable[Iterable[str]]]) -> None:
        self._read = read
        self._reading = asyncio.Lock()
        self._known: frozenset[str] = frozenset()
        self._read_at = float("-inf")
        self._forgotten = 0

    async def among(self, names: Sequence[str]) -> tuple[str, ...]:
        """Return those of the names that are known."""
        if not self._is_fresh():
            async with self._reading:
                if not self._is_fresh():
                    await self._look()
        return tuple(name for name in names if name in self._known)

    def forget(self) -> None:
        """Read anew when somebody asks next: one of them was changed here."""
        self._forgotten += 1
        self._read_at = float("-inf")

    def _is_fresh(self) -> bool:
        return asyncio.get_running_loop().time() - self._read_at <= _FRESH_S

    async def _look(self) -> None:
        began, forgotten = asyncio.get_running_loop().time(), self._forgotten
        self._known = frozenset(await self._read())
        if forgotten == self._forgotten:  # else what was read may be what was there before
            self._read_at = began
