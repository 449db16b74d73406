"""Runs that go on while nobody waits for an answer."""

import asyncio
import contextlib
import logging
from collections.abc import Coroutine
from typing import Any, Final, Protocol

from callboard.domain.errors import CallboardError
from callboard.domain.events.codec import Recorded, Sealed
from callboard.domain.org.principal import Principal
from callboard.domain.run_row import RunRow
from callboard.usecases.app import App, require_run
from callboard.usecases.as_begun import go_on
from callboard.usecases.run_origins import drive_noted, hand_on, submit_again
from callboard.usecases.runs import require_undriven, resume_run
from callboard.usecases.start_run import StartRun, start_run, submit_run

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
    """The runs that go on because somebody asked for it over HTTP: in this process where it has a worker, and wherever
    there is one otherwise. Without one it drives only what no other process might be able to: runs in a directory
    that somebody named.
    """

    def __init__(self, app: App, worker: Worker | None = None) -> None:
        self._app = app
        self._worker = worker
        self._tasks: dict[asyncio.Task[Any], str] = {}

    async def start(self, who: Principal, wish: StartRun) -> None:
        """Begin a new run, and come back when it is in the log.

        Raises:
            CallboardError: it was refused before.
        """
        if await self._is_for_others(wish.workspace):
            await submit_run(self._app, who, wish)
        else:
            await self._begin(wish.run_id, start_run(self._app, who, wish))

    async def resume(self, who: Principal, run_id: str) -> None:
        """Let a run go on that nobody drives, and come back when nothing is in the way. One that has ended is left alone.

        Raises:
            UnknownThing: no such run.
            NotAllowed: they may not do this.
            RunBusy: a living process drives it.
            ConfigurationInvalid: it cannot go on here; nothing was changed.
        """
        row = await require_run(self._app, who, "run.resume", run_id)
        if row.task is not None:
            self._keep(run_id, resume_run(self._app, who, run_id))
        elif row.ended_at is None:
            await require_undriven(self._app, row)
            if not await self._left_to_others(row):
                ready = asyncio.Event()
                going = self._keep(row.root_id, go_on(self._app, row.root_id, ready.set))
                await self._until(ready, going)

    async def decided(self, row: RunRow) -> None:
        """Let a run go on that was decided about. That of a task goes on wherever a worker is, which was told of it."""
        if self._worker is None and (row.task is not None or await self._left_to_others(row)):
            return
        drive = go_on if row.task is None else drive_noted
        self._keep(row.root_id, drive(self._app, row.root_id))
        self.wake()

    def wake(self) -> None:
        """Let the worker look: something was decided."""
        if self._worker is not None:
            self._worker.wake()

    async def _begin(self, run_id: str, work: Coroutine[Any, Any, object]) -> None:
        stored = asyncio.Event()

        def seen(recorded: Recorded, _: Sealed) -> None:
            if recorded.run_id == run_id:
                stored.set()

        with self._app.ports.live.watching(seen):
            await self._until(stored, self._keep(run_id, work))

    async def _until(self, event: asyncio.Event, task: "asyncio.Task[object]") -> None:
        """Wait for something that a task does; where the task ends without it, raise what ended it."""
        waiting = asyncio.ensure_future(event.wait())
        try:
            await asyncio.wait((task, waiting), return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()
        if task.done() and not event.is_set():
            task.result()

    async def _is_for_others(self, workspace: str) -> bool:
        """Return whether a run in a directory is left to workers: there is none here, and each can have the files."""
        return self._worker is None and await self._app.ports.workspaces.is_copy(workspace)

    async def _left_to_others(self, row: RunRow) -> bool:
        """Leave a run of no task to the workers there are, where that is theirs; return whether it is."""
        root = row if row.parent_id is None else await self._app.ports.store.row(row.root_id)
        if root is None or not await self._is_for_others(root.workspace):
            return False
        await submit_again(self._app, root)
        return True

    async def stop(self) -> None:
        """Leave all runs where they are: any worker takes them up from their logs."""
        left = dict(self._tasks)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        for run_id in dict.fromkeys(left.values()):
            # where the store is away, it is for whoever resumes it by hand
            with contextlib.suppress(CallboardError):
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
