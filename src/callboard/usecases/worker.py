"""The worker: begins tasks when their time has come, and keeps what is under way going, of tasks and others."""

import asyncio
import logging
from collections import deque
from dataclasses import dataclass, field

from callboard.domain.errors import CallboardError, StoreUnavailable
from callboard.domain.org.task import TASKS
from callboard.domain.submission import Submission
from callboard.runtime.side_by_side import first_of
from callboard.usecases.advancing import advance, is_late, settle_task, submission_of
from callboard.usecases.app import App
from callboard.usecases.beginning import begin_queued
from callboard.usecases.leisure import Leisure
from callboard.usecases.lost_runs import LostRuns
from callboard.usecases.patience import Patience

_log = logging.getLogger(__name__)
_GLANCES = 5
"""How many times in a second it looks because something was written."""

_RARELY = 100
"""The same for looking at all tasks that are under way."""


@dataclass(slots=True)
class Worker:
    """Begins the tasks of a deployment, and advances their runs, at most `at_once` at a time in this process.

    It looks for work every `every_s` seconds, and at once after `wake`, a hint, or something that was written elsewhere; every
    `sweep_s` seconds it looks also for what went wrong elsewhere, more rarely where that takes more than a hundredth of its
    time. Whatever it does is safe to do twice, by several workers at the same moment: records admit one change, and runs one
    driver. Who advances what the dispatcher of the app says: this process, or whichever has a place free. `patience_s`: a
    run that could not go on is not tried again before.
    """

    app: App
    at_once: int = 8
    every_s: float = 1.0
    patience_s: float = 5.0
    sweep_s: float = 1.0
    _advancing: set[str] = field(default_factory=set[str])
    _begun: dict[str, str] = field(default_factory=dict[str, str])
    _pending: set[str] = field(default_factory=set[str])
    _adrift: set[str] = field(default_factory=set[str])
    _awake: asyncio.Event = field(default_factory=asyncio.Event)
    _loop: "asyncio.Task[None] | None" = None
    _glances: deque[float] = field(default_factory=lambda: deque(maxlen=_GLANCES))
    _is_blind: bool = False
    _sweep_took_s: float = 0.0
    _patience: Patience = field(init=False)
    _lost: LostRuns = field(init=False)

    def __post_init__(self) -> None:
        self._patience = Patience(self.app.ports.clock, self.patience_s)
        self._lost = LostRuns(self.app, self._patience)

    async def start(self) -> None:
        """Begin to look for work.

        Raises:
            ConfigurationInvalid: what carries the hints cannot be used.
        """
        await self._open()
        self._loop = asyncio.create_task(self._run())

    @property
    def is_at_work(self) -> bool:
        """Whether it looks for work."""
        return self._loop is not None and not self._loop.done()

    def wake(self) -> None:
        """Look at once: something was decided, started or changed."""
        self._awake.set()

    async def stop(self, grace_s: float = 10.0) -> None:
        """Begin nothing more; let what is under way come to the end of its model call or tool, for so long, then leave
        it where it is: its log can be taken up by whoever comes next.
        """
        self.app.driver.draining = True
        self._lost.drain()
        if self._loop is not None:
            self._loop.cancel()
            await asyncio.gather(self._loop, return_exceptions=True)
            self._loop = None
        await self.app.dispatcher.stop(grace_s)

    async def idle(self) -> None:
        """Work until nothing can go on without somebody else: all that is left has ended or waits. Only where this
        process advances everything itself.
        """
        await self._open()
        try:
            while await self.turn() or self._pending:
                if self._pending:
                    await self._awake.wait()
                self._awake.clear()
        finally:
            await self.app.dispatcher.stop(0)

    async def turn(self) -> int:
        """Look once at everything; return how many tasks were settled, or submitted to be advanced."""
        return await self._sweep() + await self._look()

    async def _open(self) -> None:
        self.app.driver.draining = False
        await self.app.dispatcher.start(self._advance, self._knocked, self.at_once)

    async def _knocked(self) -> None:
        self.wake()

    async def _advance(self, run_id: str) -> None:
        self._begun.pop(run_id, None)
        self._advancing.add(run_id)
        try:
            if not await advance(self.app, run_id, self._patience):
                await self._lost.advance(run_id)
        except StoreUnavailable as away:
            self._patience.was_away(run_id)
            _log.warning("run %s goes on when it can be recorded again: %s", run_id, away)
        except CallboardError as error:
            if self._patience.failed(run_id):
                _log.warning("run %s is left as it is, and tried again later: %s", run_id, error)
        except Exception:
            self._patience.failed(run_id)  # whatever it was, it is tried again ever more rarely
            raise
        finally:
            self._advancing.discard(run_id)
            self._pending.discard(run_id)
            self.wake()

    async def _look(self) -> int:
        """Let go on what can, and begin what there is room for."""
        places = self.at_once - len(self._advancing | self._begun.keys())
        moved = await self._go_on(places) if places > 0 else 0
        for task in await begin_queued(self.app, self._begun, places - moved):
            self._begun[task.run_id or ""] = task.space
            await self._submit(submission_of(task))
            moved += 1
        return moved

    async def _go_on(self, places: int) -> int:
        """Submit what nobody drives and somebody should."""
        moved, now = 0, self.app.ports.clock.now()
        ours, lost = await asyncio.gather(self.app.unattended.runs(now), self._lost.found())
        for row in (*ours, *lost):
            needed = row.status == "running" or is_late(row, now)
            is_here = row.run_id in self._advancing
            allowed = not is_here and self._patience.allows(row.run_id, needed=needed)
            if moved < places and allowed:
                self._patience.tried(row.run_id)
                await self._submit(Submission(row.run_id, row.space))
                moved += 1
        return moved

    async def _sweep(self) -> int:
        """Settle what has ended, and submit what was begun and has no run: its worker died in between. Where others
        may just be about to make the run, not before the next sweep finds it again.
        """
        moved, before = 0, self._adrift
        self._adrift = set()
        self._begun.clear()
        began = self.app.ports.clock.monotonic()
        found = await self.app.unattended.tasks()
        self._sweep_took_s = self.app.ports.clock.monotonic() - began
        for key in found:
            moved += await settle_task(self.app, key)
            kept = await self.app.records.get(TASKS, key)
            run_id = "" if kept is None or kept.value.state != "under_way" else kept.value.run_id
            if kept is None or not run_id or run_id in self._advancing:
                continue
            self._adrift.add(run_id)
            is_old = run_id in before or self._loop is None
            if is_old and self._patience.allows(run_id, needed=True):
                self._begun[run_id] = kept.value.space
                await self._submit(submission_of(kept.value))
                moved += 1
        return moved

    async def _submit(self, submission: Submission) -> None:
        if self._loop is None:
            self._pending.add(submission.run_id)
        await self.app.dispatcher.submit(submission)

    async def _run(self) -> None:
        loop, due = asyncio.get_running_loop(), float("-inf")
        every_s, leisure = self.every_s * _jitter(self.app), Leisure(loop.time())
        while True:
            self._awake.clear()
            began, seen = loop.time(), await self._changes()
            is_due = began >= due
            if await self._could_look(with_sweep=is_due) and is_due:
                due = began + max(self.sweep_s, _RARELY * self._sweep_took_s)
            # However often it is woken, it has time for other things.
            ended = loop.time()
            await asyncio.sleep(leisure.rest_s(ended, ended - began, every_s))
            await self._until_something(seen, every_s)

    async def _until_something(self, seen: int | None, within_s: float) -> None:
        """Wait until this worker is woken or something was written since `seen`, the latter not more often than so many
        times in a second: much of it is the worker's own, and what matters is hinted at.
        """
        written = () if seen is None else (self._written_since(seen, within_s),)
        await first_of((self._awake.wait(), *written), within_s)

    async def _written_since(self, seen: int, within_s: float) -> None:
        loop, looks = asyncio.get_running_loop(), self._glances
        if len(looks) == looks.maxlen:
            await asyncio.sleep(looks[0] + 1.0 - loop.time())
        await self.app.unattended.changed(seen, within_s)
        looks.append(loop.time())

    async def _changes(self) -> int | None:
        """Return what is known of others' writing; None where the database is away."""
        try:
            return await self.app.unattended.changes()
        except CallboardError:
            return None

    async def _could_look(self, *, with_sweep: bool) -> bool:
        """Look, and return whether that was possible: the database may be away for a while, which is said once."""
        try:
            if with_sweep:
                await self._sweep()
            await self._look()
        except CallboardError as error:
            if not self._is_blind:
                _log.warning("the worker cannot look for work, and tries again: %s", error)
            self._is_blind = True
            return False
        except Exception:  # noqa: BLE001 - whatever it was, the next look may go well
            _log.exception("the worker could not look for work")
            return False
        if self._is_blind:
            _log.warning("the worker looks for work again")
        self._is_blind = False
        return True


def _jitter(app: App) -> float:
    """Return a factor near one, so that workers that started together do not look together for ever."""
    return 0.8 + 0.4 * (sum(app.chance.secret().encode()) % 64) / 64
