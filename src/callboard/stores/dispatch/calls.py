"""Calls of `advance` in this process: so many at a time, one a run, the spaces in turn."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable

from callboard.domain.submission import Submission
from callboard.engine.lanes import Lanes
from callboard.ports.clock import Clock
from callboard.ports.dispatcher import Advance, Look

_log = logging.getLogger(__name__)


def _nothing() -> None:
    return None


class Calls:
    """Advances what is submitted. `freed` is called whenever a place has become free and nobody here waits for it."""

    def __init__(
        self, clock: Clock, advance: Advance, at_once: int, freed: Callable[[], None] = _nothing
    ) -> None:
        self._clock = clock
        self._advance = advance
        self._at_once = at_once
        self._freed = freed
        self._lanes = Lanes()
        self._running: dict[str, asyncio.Task[None]] = {}
        self._again: dict[str, Submission] = {}
        self._busy: Counter[str] = Counter()
        self._over: dict[str, list[asyncio.Future[None]]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._stopping = False

    @property
    def free(self) -> int:
        """How many more could begin now."""
        return 0 if self._stopping else max(0, self._at_once - len(self._running))

    def drives(self, run_id: str) -> bool:
        """Return whether a run is under way here."""
        return run_id in self._running

    def submit(self, submission: Submission) -> None:
        """Advance a run when there is a place for it: once more, where it is under way."""
        if self._stopping:
            return
        if submission.run_id in self._running:
            known = self._again.get(submission.run_id, submission)
            self._again[submission.run_id] = known.joined(submission)
            return
        self._lanes.add(submission)
        self._fill()

    async def run(self, submission: Submission) -> None:
        """Advance a run, and come back when it is not under way here any more. One that is under way already is
        advanced once more, by whoever waits for it.
        """
        if self._stopping or submission.run_id in self._running:
            self.submit(submission)
            return
        over = asyncio.get_running_loop().create_future()
        self._over.setdefault(submission.run_id, []).append(over)
        self.submit(submission)
        await over

    async def stop(self, grace_s: float) -> None:
        """Begin nothing more, wait for what is under way up to `grace_s` seconds, then cancel it."""
        self._stopping = True
        self._again.clear()
        self._lanes.clear()
        if self._timer is not None:
            self._timer.cancel()
        for run_id in self._over.keys() - self._running.keys():
            self._tell(run_id)
        running = list(self._running.values())
        if not running:
            return
        try:
            await asyncio.wait(running, timeout=grace_s)
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    def _fill(self) -> None:
        if self._stopping:
            return
        now = self._clock.now()
        while self.free and (submission := self._lanes.next(now, self._busy)) is not None:
            self._begin(submission)
        self._set_timer()

    def _set_timer(self) -> None:
        """Look again when the time of the next one has come, unless there is no place for it anyway."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        due = self._lanes.due_at() if self.free else None
        if due is not None:
            wait_s = max(0.001, (due - self._clock.now()).total_seconds())
            self._timer = asyncio.get_running_loop().call_later(wait_s, self._fill)

    def _begin(self, submission: Submission) -> None:
        name = f"advance {submission.run_id}"
        task = asyncio.create_task(self._called(submission.run_id), name=name)
        self._running[submission.run_id] = task
        self._busy[submission.space] += 1
        task.add_done_callback(lambda _: self._ended(submission))

    def _ended(self, submission: Submission) -> None:
        del self._running[submission.run_id]
        self._busy[submission.space] -= 1
        if not self._busy[submission.space]:
            del self._busy[submission.space]
        again = self._again.pop(submission.run_id, None)
        if again is not None and not self._stopping:
            self._lanes.add(again)
        else:
            self._tell(submission.run_id)
        self._fill()
        if self.free:
            self._freed()

    def _tell(self, run_id: str) -> None:
        """Let those go on who wait for a run."""
        for over in self._over.pop(run_id, ()):
            if not over.done():
                over.set_result(None)

    async def _called(self, run_id: str) -> None:
        try:
            await self._advance(run_id)
        except Exception:  # noqa: BLE001 - one run's failure must not stop the others
            _log.exception("run %s could not be advanced", run_id)


class Looks:
    """Calls of `look` in this process: one at a time, and one more where somebody knocked meanwhile."""

    def __init__(self, look: Look) -> None:
        self._look = look
        self._task: asyncio.Task[None] | None = None
        self._again = False
        self._stopping = False

    def knock(self) -> None:
        """Look soon."""
        if self._stopping:
            return
        if self._task is not None:
            self._again = True
            return
        self._task = asyncio.create_task(self._looked(), name="look for work")

    async def stop(self) -> None:
        """Look no more."""
        self._stopping = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _looked(self) -> None:
        try:
            self._again = True
            while self._again:
                self._again = False
                await self._look()
        except Exception:  # noqa: BLE001 - whoever knocks next tries again
            _log.exception("nobody could look for work")
        finally:
            self._task = None
