"""drive: read the log, decide, perform, append, until the run ends or waits.

One driver per process. It knows which runs are under way here, so that a wish to cancel finds the
right tasks: children end before their parents.
"""

import asyncio
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from callboard.domain.actor import Actor
from callboard.domain.errors import RunExists
from callboard.domain.events.run import (
    CancellationRequested,
    RunCompleted,
    RunCreated,
    WorkflowSubject,
)
from callboard.domain.run.fold import AGENT
from callboard.domain.run.state import RunState
from callboard.domain.task_run.fold import TASK
from callboard.domain.task_run.state import TaskState
from callboard.engine.commands import Append, CancelChildren, DriveChildren, Rest, Wait
from callboard.ports.event_store import Signal
from callboard.ports.workspace import Workspace
from callboard.runtime.agent_drive import AgentDrive
from callboard.runtime.children import Ended
from callboard.runtime.no_workspace import no_workspace
from callboard.runtime.offered import told_tools
from callboard.runtime.ports import Ports
from callboard.runtime.reading import load
from callboard.runtime.room import PATIENCE_S, child_room, room_of
from callboard.runtime.run_log import RunLog, create_run
from callboard.runtime.shared_workspaces import SharedWorkspaces
from callboard.runtime.standing import fold_any, standing
from callboard.runtime.takeover import is_stale, take_over
from callboard.runtime.task_drive import TaskDrive
from callboard.runtime.under_way import Driven, UnderWay
from callboard.runtime.wishes import Wishes


class _Drive(Protocol):
    """What the loop needs of either kind of run."""

    def next(self) -> Any: ...

    async def perform(self, command: Any) -> None: ...

    async def close(self) -> None: ...


class Driver:
    """Drives runs in this process."""

    def __init__(self, ports: Ports) -> None:
        self.ports = ports
        self._under_way = UnderWay()
        self._workspaces = SharedWorkspaces(ports.workspaces)
        self._fresh: dict[str, RunLog[RunState]] = {}
        self._wishes = Wishes(ports, self._under_way)
        self.draining = False
        """Whether runs stop where they are before their next step, for another process to take them up."""

    async def start(self, run_id: str, created: RunCreated) -> Ended:
        """Create a root run and drive it until it ends or waits.

        Raises:
            RunExists: the id is taken.
            NoRoom: as much goes on as a limit allows; nothing was created.
        """
        asks = await room_of(self.ports, created)
        async with self.ports.slots.held(run_id, asks, patience_s=PATIENCE_S):
            if isinstance(created.subject, WorkflowSubject):
                return await self._drive_log(await create_run(self.ports, run_id, created, TASK))
            return await self._drive_log(await create_run(self.ports, run_id, created, AGENT))

    async def create(self, run_id: str, created: RunCreated) -> None:
        """Create a child's log unless an earlier attempt did; `drive` takes it from here.

        Raises:
            RunExists: the id is taken by a run that is no child of this parent.
        """
        try:
            self._fresh[run_id] = await create_run(self.ports, run_id, created, AGENT)
        except RunExists:
            row = await self.ports.store.row(run_id)
            parent = created.parent.run_id if created.parent is not None else None
            if row is None or row.parent_id != parent:
                raise

    async def drive(self, run_id: str) -> Ended:
        """Drive a run until it ends or waits, and return how it stands.

        A run that has ended, or waits at a gate of its own, is left alone.

        Raises:
            UnknownThing: no such run.
            ConfigurationInvalid: its files cannot be had on this machine; nothing was changed.
            RunBusy: a living process drives it.
            NoRoom: as much goes on as a limit allows.
            Fenced: another process took it over meanwhile.
            LogCorrupt: its log cannot be read.
        """
        fresh = self._fresh.pop(run_id, None)
        if fresh is not None:
            return await self._drive_log(fresh)
        wishes = await self.ports.store.signals([run_id])
        cancels = [signal for signal in wishes if signal.kind == "cancel"]
        request = (
            CancellationRequested(actor=cancels[0].actor, reason=cancels[0].note)
            if cancels
            else None
        )
        return await self._take_up(run_id, request, wishes)

    async def end(self, run_id: str, request: CancellationRequested) -> Ended:
        """End a run that nobody drives.

        Raises:
            UnknownThing: no such run.
            RunBusy: a living process drives it.
        """
        return await self._take_up(run_id, request)

    async def _take_up(
        self,
        run_id: str,
        request: CancellationRequested | None,
        wishes: Sequence[Signal] = (),
    ) -> Ended:
        state = fold_any(await load(self.ports.store, run_id))
        waits = state.gate is not None and request is None
        if waits and await is_stale(self.ports, state):
            waits = False
        if state.terminal is not None or waits:
            return standing(state)
        is_root = request is None and state.created.parent is None
        if is_root:
            await self.ports.workspaces.reach(state.created.workspace)
        asks = await room_of(self.ports, state.created) if is_root else ()
        async with self.ports.slots.held(run_id, asks, patience_s=PATIENCE_S):
            files, above = request is None, self._under_way.claim_above(state)
            if isinstance(state, TaskState):
                log = await take_over(self.ports, run_id, TASK, files=files)
                return await self._drive_log(log, request, wishes)
            log = await take_over(self.ports, run_id, AGENT, files=files, above=above)
            return await self._drive_log(log, request, wishes)

    async def _drive_log(
        self,
        log: RunLog[RunState] | RunLog[TaskState],
        request: CancellationRequested | None = None,
        wishes: Sequence[Signal] = (),
    ) -> Ended:
        state = log.state
        parent = state.created.parent
        task = asyncio.current_task()
        if task is None:  # pragma: no cover - a coroutine always runs in a task
            raise RuntimeError("drive must run in a task")
        driven = Driven(parent.run_id if parent is not None else None, log.claim, task, request)
        for wish in wishes:
            if wish.kind != "cancel":
                driven.hear(wish)
        try:
            with self._under_way.driving(state.run_id, driven):
                self._wishes.watch()
                async with (
                    child_room(self.ports, state, driven),
                    await self._files_for(log, request) as workspace,
                ):
                    drive = await self._drive_for(log, workspace)
                    try:
                        await self._loop(log, drive, driven)
                    finally:
                        await drive.close()
        finally:
            try:
                await self._let_go_below(state.run_id)
            finally:
                await log.release()
        return standing(log.state)

    async def _let_go_below(self, run_id: str) -> None:
        """Let go of runs that were created below one and never driven, for whoever goes on with it."""
        below = [name for name, log in self._fresh.items() if log.row.parent_id == run_id]
        for log in [self._fresh.pop(name) for name in below]:
            await log.release()

    async def _files_for(
        self, log: RunLog[RunState] | RunLog[TaskState], request: CancellationRequested | None
    ) -> AbstractAsyncContextManager[Workspace]:
        """Return how a run's files are come by. A run that only ends needs none, and can end anywhere."""
        root = log.state.created.workspace
        if request is not None:
            return no_workspace(root)
        if log.state.terminal is None:
            await self.ports.workspaces.take(root, log.claim)
        return self._workspaces.using(root)

    async def _drive_for(
        self, log: RunLog[RunState] | RunLog[TaskState], workspace: Workspace
    ) -> _Drive:
        if isinstance(log.state, TaskState):
            return TaskDrive(self.ports, log, workspace, self)  # pyright: ignore[reportArgumentType]
        specs = await told_tools(self.ports, log.state)
        return AgentDrive(self.ports, log, workspace, self, specs)  # pyright: ignore[reportArgumentType]

    async def _loop(
        self, log: RunLog[RunState] | RunLog[TaskState], drive: _Drive, driven: Driven
    ) -> None:
        while True:
            self._wishes.check()
            if self.draining:
                await log.durable()
                return
            if driven.request is not None and log.state.cancellation is None:
                log.append(driven.request)
            if driven.said:
                await self._wishes.tell(log, driven)
            command = drive.next()
            if _completes(command) and await self._wishes.heard(log.state, driven):
                continue
            driven.with_children = isinstance(command, DriveChildren | CancelChildren)
            try:
                if isinstance(command, Rest | Wait):
                    await log.durable()
                    if log.state.terminal is not None:
                        await self._wishes.fulfilled(log.state)
                    return
                await drive.perform(command)
            except asyncio.CancelledError:
                if driven.request is None or log.state.cancellation is not None:
                    raise
                driven.task.uncancel()

    def hear(self, signal: Signal) -> None:
        """Tell a run of this process at once what is in the store for it anyway."""
        self._under_way.pass_on(signal)

    def cancel(self, run_id: str, actor: Actor, reason: str = "") -> bool:
        """Ask a run of this process, and everything below it, to end; return whether it is under way.

        Asking again changes nothing.
        """
        return self._under_way.cancel(run_id, actor, reason)

    async def close(self) -> None:
        """Stop watching for wishes and let go of runs that were created and never driven."""
        for log in self._fresh.values():
            await log.release()
        await self._wishes.close()


def _completes(command: object) -> bool:
    return isinstance(command, Append) and isinstance(command.events[-1], RunCompleted)
