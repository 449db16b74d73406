"""Where limits are kept and room under them is held: one place for all processes."""

from collections.abc import Sequence
from typing import Protocol

from callboard.engine.pacing import Ask, Full, Limit, LimitStanding


class Limiter(Protocol):
    """Limits by name, and who holds room under them.

    Room is held by a holder of this process. A process that died holds nothing any more.
    """

    async def limited(self, names: Sequence[str]) -> tuple[str, ...]:
        """Return those of the names that have a limit. Cheap: asked before every model call, it may be a second old."""
        ...

    async def take(self, holder: str, asks: Sequence[Ask]) -> Full | None:
        """Take room under all of the names or under none; None: it was there. What the holder has already is not taken
        again; what a living process holds under the same holder is in its way. A failure says nothing of what was taken:
        give back then, and what is not given back is free when it is known again.

        Raises:
            StoreUnavailable: it cannot be asked for.
        """
        ...

    async def look(self, asks: Sequence[Ask]) -> Full | None:
        """Return what would be in the way of somebody new who asked now, without taking anything."""
        ...

    async def give_back(self, holder: str) -> None:
        """Give back all that a holder of this process has; nothing is fine too."""
        ...

    async def correct(self, names: Sequence[str], by: int) -> None:
        """Book that something came to so much more, or less where that is negative, of what a minute allows than was
        asked for. Names without a limit are left alone.

        Raises:
            StoreUnavailable: it cannot be booked.
        """
        ...

    async def set_limit(self, limit: Limit) -> None:
        """Set a limit, or another one of its name. What goes on already goes on."""
        ...

    async def remove_limit(self, name: str) -> bool:
        """Take a limit away; return whether there was one."""
        ...

    async def standings(self) -> list[LimitStanding]:
        """Return all limits that were set, and all names under which something goes on, by name."""
        ...
