"""What the sample is served with: models that speak at a human pace, and people who keep it busy."""

import asyncio
import contextlib
from dataclasses import dataclass
from typing import Final

from callboard.bootstrap import Additions
from callboard.bootstrap.serving import Rehearsal
from callboard.domain.errors import CallboardError
from callboard.domain.org.principal import on_this_machine
from callboard.ports.event_store import RunsWanted
from callboard.sample.cast import OWNER, PLACES
from callboard.sample.filling import everywhere
from callboard.sample.stage import someone
from callboard.sample.voices import Voices, at_a_pace
from callboard.usecases.app import App
from callboard.usecases.board import TasksWanted, TaskView, list_tasks
from callboard.usecases.deciding import record_decision
from callboard.usecases.decision import Decision
from callboard.usecases.gates import gate_of
from callboard.usecases.queueing import queue_task

_EVERY_S: Final = 45.0
_ENOUGH: Final = 2
"""How many tasks are worked on before nobody starts another one."""
_PATIENT: Final = 14
"""How many tasks wait for people before one of them decides."""


def rehearsal(pace: float) -> Rehearsal:
    """Return what the sample is served with; at a `pace` of 0 the models answer at once, and nobody but whoever looks
    starts anything.
    """
    voices = Voices(at_a_pace(pace), words=True)
    return Rehearsal(
        Additions(providers=everywhere(voices), disposable=True),
        lambda app: Busy(app, _EVERY_S * pace),
    )


@dataclass(slots=True)
class Busy:
    """The people of the sample while it is served: they start tasks that nobody began, and decide about old ones. What
    whoever looks made themselves is left to them.
    """

    app: App
    every_s: float
    _loop: "asyncio.Task[None] | None" = None

    async def start(self) -> None:
        """Begin, unless nobody has time."""
        if self.every_s > 0:
            self._loop = asyncio.create_task(self._run())

    @property
    def is_at_work(self) -> bool:
        """Whether anybody is there who should be."""
        return self.every_s <= 0 or (self._loop is not None and not self._loop.done())

    def wake(self) -> None:
        """Do nothing: people look when they look."""

    async def stop(self, grace_s: float = 10.0) -> None:
        """Go home."""
        del grace_s
        if self._loop is not None:
            self._loop.cancel()
            await asyncio.gather(self._loop, return_exceptions=True)

    async def turn(self) -> None:
        """Look once."""
        views = await list_tasks(self.app, on_this_machine(OWNER), TasksWanted(limit=1_000))
        under_way = [view for view in views if view.task.state in ("queued", "under_way")]
        working = [view for view in under_way if view.row is None or view.row.status == "running"]
        if len(working) < _ENOUGH:
            await self._start_one(views)
        waiting = [view for view in under_way if view.row and view.row.status == "waiting"]
        if len(waiting) > _PATIENT:
            await self._decide_one(waiting[-1])

    async def _start_one(self, views: list[TaskView]) -> None:
        for view in reversed(views):
            task = view.task
            if task.state == "open" and task.created_by.name != OWNER:
                await queue_task(self.app, await someone(self.app, task.created_by.name), task.key)
                return

    async def _decide_one(self, view: TaskView) -> None:
        if view.task.created_by.name == OWNER:
            return
        place = next(one for one in PLACES if one.id == view.task.space)
        wanted = RunsWanted(root_only=False, statuses=("waiting",), spaces=(place.id,))
        for row in await self.app.ports.store.rows(wanted):
            gate = await gate_of(self.app, row) if row.task == view.task.key else None
            if gate is not None and gate.gate.reason == "approval_required":
                who = await someone(self.app, place.maintainers[0])
                decision = Decision("approve", note="Fine by me.")
                await record_decision(self.app, who, row.run_id, decision, digest=gate.gate.digest)
                return

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self.every_s)
            with contextlib.suppress(CallboardError):  # somebody else was faster
                await self.turn()
