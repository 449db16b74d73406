"""Watching a run from code."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

from callboard.domain.actor import Actor
from callboard.domain.events.codec import Recorded, Sealed
from callboard.ports.model import Delta
from callboard.sdk.results import RunResult
from callboard.usecases.app import App


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of an answer as it is written; it is in the log once the answer is whole."""

    run_id: str
    delta: Delta


class Stream:
    """A run that is watched: iterate over its events (`Recorded`) and pieces of text (`Piece`).

    `result` is there when the iteration has ended. Leaving the iteration early cancels the run.
    """

    def __init__(
        self, app: App, actor: Actor, run_id: str, work: Callable[[], Awaitable[RunResult]]
    ) -> None:
        self._app = app
        self._actor = actor
        self._work = work
        self._result: RunResult | None = None
        self.run_id = run_id

    @property
    def result(self) -> RunResult:
        """How the run ended.

        Raises:
            RuntimeError: it has not.
        """
        if self._result is None:
            raise RuntimeError("the result is there when the iteration has ended")
        return self._result

    async def __aiter__(self) -> AsyncIterator[Recorded | Piece]:
        """Run the agent and yield what happens, as it happens."""
        queue: asyncio.Queue[Recorded | Piece | None] = asyncio.Queue()

        def on_event(recorded: Recorded, sealed: Sealed) -> None:
            del sealed
            if self._is_ours(recorded.run_id):
                queue.put_nowait(recorded)

        def on_delta(run_id: str, delta: Delta) -> None:
            if self._is_ours(run_id):
                queue.put_nowait(Piece(run_id, delta))

        with self._app.ports.live.watching(on_event, on_delta):
            task = asyncio.ensure_future(self._work())
            task.add_done_callback(lambda _: queue.put_nowait(None))
            try:
                while (item := await queue.get()) is not None:
                    yield item
                self._result = await task
            finally:
                await self._ended(task)

    def _is_ours(self, run_id: str) -> bool:
        return run_id == self.run_id or run_id.startswith(f"{self.run_id}.")

    async def _ended(self, task: "asyncio.Future[RunResult]") -> None:
        """Leave no run behind that nobody watches any more."""
        if task.done():
            return
        if not self._app.driver.cancel(self.run_id, self._actor, "nobody watches any more"):
            task.cancel()
        await asyncio.gather(task, return_exceptions=True)
