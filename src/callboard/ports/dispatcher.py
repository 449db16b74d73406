"""Who calls `advance`: nothing but dispatch. Truth, claims and recovery are in the log."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from callboard.domain.submission import Submission

Advance = Callable[[str], Awaitable[None]]
"""Drive a run as far as it goes now. Harmless for a run that is finished, waiting or driven elsewhere."""

Look = Callable[[], Awaitable[None]]
"""Look for work that nobody submitted. Harmless where there is none, and when others look as well."""


class Dispatcher(Protocol):
    """Calls `advance` for every submitted run, in whichever process has a place for it, in one process for one run at
    most once at a time.

    A submission is a hint: it may be lost or doubled, and one of a run in progress leads to at most one more call
    after the present one, so that what arrived meanwhile is not overlooked. A call that fails is logged, and its run
    is left to whoever looks for work.
    """

    async def start(self, advance: Advance, look: Look, at_once: int) -> None:
        """Begin to dispatch in this process, at most `at_once` runs at a time. It may be started again after `stop`.

        Raises:
            ConfigurationInvalid: what carries the submissions cannot be used.
        """
        ...

    async def submit(self, submission: Submission) -> None:
        """Ask for a run to be advanced. It may be asked in a process that does not dispatch; where no other process
        can be reached from there, the hint is lost.
        """
        ...

    async def knock(self) -> None:
        """Ask for `look` to be called soon, in at least one process that can be reached and has a place free."""
        ...

    async def stop(self, grace_s: float) -> None:
        """Begin nothing more here, wait for running calls up to `grace_s` seconds, then cancel them."""
        ...

    async def close(self) -> None:
        """Let go of everything. Hints that were accepted are on their way."""
        ...
