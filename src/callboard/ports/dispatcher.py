"""Who calls `advance`: nothing but dispatch. Truth, claims and recovery are in the log."""

from collections.abc import Awaitable, Callable
from typing import Protocol

Advance = Callable[[str], Awaitable[None]]
"""Drive a run as far as it goes now. Harmless for a run that is finished, waiting or driven elsewhere."""

Recover = Callable[[], Awaitable[list[str]]]
"""Return the runs that nobody drives and somebody should."""


class Dispatcher(Protocol):
    """Calls `advance` for every submitted run, for one run at most once at a time.

    A submit is a hint: it may be doubled, and a submit of a run in progress leads to at most one more
    call after the present one, so that what arrived meanwhile is not overlooked.
    """

    async def start(self, advance: Advance, recover: Recover) -> None:
        """Begin to dispatch, with what `recover` finds."""
        ...

    async def submit(self, run_id: str) -> None:
        """Ask for a run to be advanced soon."""
        ...

    async def stop(self, grace_s: float) -> None:
        """Accept nothing more, wait for running calls up to `grace_s` seconds, then cancel them."""
        ...
