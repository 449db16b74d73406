"""Runs that go on while nobody waits for an answer."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, Final, Protocol

from callboard.domain.errors import CallboardError
from callboard.domain.events.codec import Recorded, Sealed
from callboard.domain.run_row import RunRow
from callboard.usecases.app import App
from callboard.usecases.run_origins import hand_on

log: Final = logging.getLogger("callboard.runs")


class Worker(Protocol):
    """What works beside the API in this process, as long as it serves."""

    async def start(self) -> None:
        """Begin to work."""
        ...

    @property
    def is_at_work(self) -> bool:
        """Whether it has begun to work and goes on with it."""
        ...

    def wake(self) -> None:
        """Look for work at once."""
        ...

    async def stop(self, grace_s: float = 10.0) -> None:
        """Begin nothing more, and leave what is under way so that it can be taken up again."""
        ...


class Running:
    """The runs that this process drives because somebody asked for it over HTTP."""

    def __init__(self, app: App, worker: Worker | None = None) -> None:
        self._app = app
        self._worker = worker
        self._tasks: dict[asyncio.Task[Any], str] = {}

    async def begin(self, run_id: str, work: Coroutine[Any, Any, object]) -> None:
        """Begin a new run, and come back when it is in the log.

        Raises:
            CallboardError: it was refused before.
        """
        stored = asyncio.Event()

        def seen(recorded: Recorded, _: Sealed) -> None:
            if recorded.run_id == run_id:
                stored.set()

        with self._app.ports.live.watching(seen):
            task = self._keep(run_id, work)
            waiting = asyncio.ensure_future(stored.wait())
            try:
                await asyncio.wait((task, waiting), return_when=asyncio.FIRST_COMPLETED)
            finally:
                waiting.cancel()
        if task.done() and not stored.is_set():
            task.result()

    def go_on(self, run_id: str, work: Coroutine[Any, Any, object]) -> None:
        """Drive a run that is there, and come back at once."""
        self._keep(run_id, work)

    def decided(self, row: RunRow) -> None:
        """Let a run go on that was decided about. That of a task goes on wherever a worker is, which was told of it."""
        if row.task is not None and self._worker is None:
            return
        self.go_on(row.root_id, self._app.driver.drive(row.root_id))
        self.wake()

    def wake(self) -> None:
        """Let the worker look: something was decided."""
        if self._worker is not None:
            self._worker.wake()

    async def stop(self) -> None:
        """Leave all runs where they are: any worker takes them up from their logs."""
        left = dict(self._tasks)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        for run_id in dict.fromkeys(left.values()):
            await hand_on(self._app, run_id)

    def _keep(self, run_id: str, work: Coroutine[Any, Any, object]) -> "asyncio.Task[object]":
        task: asyncio.Task[object] = asyncio.ensure_future(work)
        self._tasks[task] = run_id

        def ended(done: "asyncio.Task[object]") -> None:
            self._tasks.pop(done, None)
            failure = None if done.cancelled() else done.exception()
            if isinstance(failure, CallboardError):
                log.warning("run %s: %s", run_id, failure)
            elif failure is not None:
                log.error("run %s went wrong", run_id, exc_info=failure)

        task.add_done_callback(ended)
        return task
