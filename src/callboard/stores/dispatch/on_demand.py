"""A dispatcher that is made when there is something for it to do: its library takes longer to import than many a
command to run.
"""

from collections.abc import Callable

from callboard.domain.submission import Submission
from callboard.ports.dispatcher import Advance, Dispatcher, Look


class OnDemand:
    """`callboard.ports.dispatcher.Dispatcher` in front of another one."""

    def __init__(self, made: Callable[[], Dispatcher]) -> None:
        self._made = made
        self._dispatcher: Dispatcher | None = None

    async def start(self, advance: Advance, look: Look, at_once: int) -> None:
        """Begin to dispatch in this process."""
        await self._it().start(advance, look, at_once)

    async def submit(self, submission: Submission) -> None:
        """Ask for a run to be advanced."""
        await self._it().submit(submission)

    async def knock(self) -> None:
        """Ask for `look` to be called."""
        await self._it().knock()

    async def stop(self, grace_s: float) -> None:
        """Begin nothing more here."""
        if self._dispatcher is not None:
            await self._dispatcher.stop(grace_s)

    async def close(self) -> None:
        """Let go of everything."""
        if self._dispatcher is not None:
            await self._dispatcher.close()

    def _it(self) -> Dispatcher:
        if self._dispatcher is None:
            self._dispatcher = self._made()
        return self._dispatcher
