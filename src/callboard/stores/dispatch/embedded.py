"""Dispatch inside the process: tasks on the event loop."""

import asyncio
import logging

from callboard.domain.errors import LogError
from callboard.ports.dispatcher import Advance, Recover

_log = logging.getLogger(__name__)


class EmbeddedDispatcher:
    """`callboard.ports.dispatcher.Dispatcher` without any other process.

    `concurrency` bounds how many runs advance at once; the others wait their turn in order of submission.
    """

    def __init__(self, *, concurrency: int = 32) -> None:
        self._slots = asyncio.Semaphore(concurrency)
        self._advance: Advance | None = None
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._again: set[str] = set()
        self._stopping = False

    async def start(self, advance: Advance, recover: Recover) -> None:
        """Begin to dispatch, with what `recover` finds."""
        self._advance = advance
        for run_id in await recover():
            await self.submit(run_id)

    async def submit(self, run_id: str) -> None:
        """Ask for a run to be advanced soon.

        Raises:
            LogError: the dispatcher is not running.
        """
        if self._advance is None or self._stopping:
            raise LogError(f"run {run_id} cannot be dispatched: the dispatcher is not running")
        if run_id in self._tasks:
            self._again.add(run_id)
        else:
            self._begin(run_id, self._advance)

    async def stop(self, grace_s: float) -> None:
        """Accept nothing more, wait for running calls up to `grace_s` seconds, then cancel them."""
        self._stopping = True
        self._again.clear()
        tasks = list(self._tasks.values())
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=grace_s)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    def _begin(self, run_id: str, advance: Advance) -> None:
        self._again.discard(run_id)
        task = asyncio.create_task(self._run(run_id, advance), name=f"advance {run_id}")
        self._tasks[run_id] = task
        task.add_done_callback(lambda _: self._ended(run_id, advance))

    def _ended(self, run_id: str, advance: Advance) -> None:
        del self._tasks[run_id]
        if run_id in self._again:
            self._begin(run_id, advance)

    async def _run(self, run_id: str, advance: Advance) -> None:
        async with self._slots:
            # A submit that came while this one waited for its turn is answered by it.
            self._again.discard(run_id)
            try:
                await advance(run_id)
            except Exception:  # noqa: BLE001 - one run's failure must not stop the others
                _log.exception("run %s could not be advanced", run_id)
