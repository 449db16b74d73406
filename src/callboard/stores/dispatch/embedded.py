"""Dispatch inside the process: tasks on the event loop."""

from callboard.domain.submission import Submission
from callboard.ports.clock import Clock
from callboard.ports.dispatcher import Advance, Look
from callboard.stores.dispatch.calls import Calls, Looks


class EmbeddedDispatcher:
    """`callboard.ports.dispatcher.Dispatcher` without any other process: who does not dispatch hints at nobody."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._calls: Calls | None = None
        self._looks: Looks | None = None

    async def start(self, advance: Advance, look: Look, at_once: int) -> None:
        """Begin to dispatch, at most `at_once` runs at a time."""
        self._calls = Calls(self._clock, advance, at_once)
        self._looks = Looks(look)

    async def submit(self, submission: Submission) -> None:
        """Ask for a run to be advanced."""
        if self._calls is not None:
            self._calls.submit(submission)

    async def knock(self) -> None:
        """Ask for `look` to be called."""
        if self._looks is not None:
            self._looks.knock()

    async def stop(self, grace_s: float) -> None:
        """Begin nothing more, wait for running calls up to `grace_s` seconds, then cancel them."""
        calls, looks = self._calls, self._looks
        if looks is not None:
            await looks.stop()
        if calls is not None:
            await calls.stop(grace_s)
        if self._calls is calls:
            self._calls = self._looks = None

    async def close(self) -> None:
        """Cancel what was not stopped."""
        await self.stop(0)
