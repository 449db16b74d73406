"""drive: read the log, decide, perform, append, until the run ends or waits.

One driver per process. It knows which runs are under way here, so that a wish to cancel finds the
right tasks: children end before their parents.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from callboard.domain.actor import Actor
from callboard.domain.errors import LogCorrupt, RunExists
from callboard.domain.events.codec import Recorded
from callboard.domain.events.conversation import MessageAdded
from callboard.domain.events.run import (
    CancellationRequested,
    RunCompleted,
    RunCreated,
    WorkflowSubject,
)
from callboard.domain.message import user_message
from callboard.domain.run.fold import AGENT, USER_PROMPT, fold
from callboard.domain.run.history import handed_down, history_change
from callboard.domain.run.state import RunState
from callboard.domain.task_run.fold import TASK, fold_task
from callboard.domain.task_run.state import TaskState
from callboard.engine.commands import Append, CancelChildren, DriveChildren, Rest, Wait
from callboard.ports.event_store import Signal
from callboard.ports.workspace import Workspace
from callboard.runtime.agent_drive import AgentDrive
from callboard.runtime.children import Ended
from callboard.runtime.offered import told_tools
from callboard.runtime.ports import Ports
from callboard.runtime.run_log import RunLog, create_run, load, take_over
from callboard.runtime.task_drive import TaskDrive

SIGNAL_POLL_S = 0.1


class _Drive(Protocol):
    """What the loop needs of either kind of run."""

    def next(self) -> Any: ...

    async def perform(self, command: Any) -> None: ...

    async def close(self) -> None: ...


@dataclass(slots=True)
class _UnderWay:
    """A run that this process drives right now."""

    parent_id: str | None
    task: asyncio.Task[Any]
    request: CancellationRequested | None = None
    with_children: bool = False
    steering: list[Signal] = field(default_factory=list[Signal])
    steered: set[str] = field(default_factory=set[str])


@dataclass(slots=True)
class _Opened:
    workspace: Workspace
    users: int = 0


@dataclass(slots=True)
class Driver:
    """Drives runs in this process."""

    ports: Ports
    _under_way: dict[str, _UnderWay] = field(default_factory=dict)
    _workspaces: dict[str, _Opened] = field(default_factory=dict)
    _fresh: dict[str, RunLog[RunState]] = field(default_factory=dict)
    _opening: asyncio.Lock = field(default_factory=asyncio.Lock)
    _pump: asyncio.Task[None] | None = None

    async def start(self, run_id: str, created: RunCreated) -> Ended:
        """Create a root run and drive it until it ends or waits.

        Raises:
            RunExists: the id is taken.
        """
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
            RunBusy: a living process drives it.
            Fenced: another process took it over meanwhile.
            LogCorrupt: its log cannot be read.
        """
        fresh = self._fresh.pop(run_id, None)
        if fresh is not None:
            return await self._drive_log(fresh)
        return await self._take_up(run_id, await self._wish(run_id))

    async def end(self, run_id: str, request: CancellationRequested) -> Ended:
        """End a run that nobody drives.

        Raises:
            UnknownThing: no such run.
            RunBusy: a living process drives it.
        """
        return await self._take_up(run_id, request)

    async def _take_up(self, run_id: str, request: CancellationRequested | None) -> Ended:
        state = fold_any(await load(self.ports.store, run_id))
        waits = state.gate is not None and request is None
        if state.terminal is not None or waits:
            return standing(state)
        if isinstance(state, TaskState):
            return await self._drive_log(await take_over(self.ports, run_id, TASK), request)
        return await self._drive_log(await take_over(self.ports, run_id, AGENT), request)

    async def _wish(self, run_id: str) -> CancellationRequested | None:
        """Return somebody's recorded wish to end a run that nobody drives."""
        for signal in await self.ports.store.signals([run_id]):
            if signal.kind != "cancel":
                continue
            return CancellationRequested(actor=signal.actor, reason=signal.note)
        return None

    async def _drive_log(
        self,
        log: RunLog[RunState] | RunLog[TaskState],
        request: CancellationRequested | None = None,
    ) -> Ended:
        state = log.state
        parent = state.created.parent
        task = asyncio.current_task()
        if task is None:  # pragma: no cover - a coroutine always runs in a task
            raise RuntimeError("drive must run in a task")
        under_way = _UnderWay(parent.run_id if parent is not None else None, task, request)
        self._under_way[state.run_id] = under_way
        self._watch_signals()
        root = state.created.workspace
        try:
            workspace = await self._open(root)
            try:
                drive = await self._drive_for(log, workspace)
                try:
                    await self._loop(log, drive, under_way)
                finally:
                    await drive.close()
            finally:
                await self._close(root)
        finally:
            self._under_way.pop(state.run_id, None)
            await log.release()
        return standing(log.state)

    async def _drive_for(
        self, log: RunLog[RunState] | RunLog[TaskState], workspace: Workspace
    ) -> _Drive:
        if isinstance(log.state, TaskState):
            return TaskDrive(self.ports, log, workspace, self)  # pyright: ignore[reportArgumentType]
        specs = await told_tools(self.ports, log.state)
        return AgentDrive(self.ports, log, workspace, self, specs)  # pyright: ignore[reportArgumentType]

    async def _loop(
        self, log: RunLog[RunState] | RunLog[TaskState], drive: _Drive, under_way: _UnderWay
    ) -> None:
        while True:
            if under_way.request is not None and log.state.cancellation is None:
                log.append(under_way.request)
            if under_way.steering:
                await self._steer(log, under_way)
            command = drive.next()
            if _completes(command) and await self._heard(log.state.run_id, under_way):
                continue
            under_way.with_children = isinstance(command, DriveChildren | CancelChildren)
            try:
                if isinstance(command, Rest | Wait):
                    await log.durable()
                    return
                await drive.perform(command)
            except asyncio.CancelledError:
                if under_way.request is None or log.state.cancellation is not None:
                    raise
                under_way.task.uncancel()

    async def _heard(self, run_id: str, under_way: _UnderWay) -> bool:
        """Return whether somebody said something to a run that is about to end."""
        for signal in await self.ports.store.signals([run_id]):
            if signal.kind == "steer":
                self._pass_on(signal)
        return bool(under_way.steering)

    async def _steer(self, log: RunLog[RunState] | RunLog[TaskState], under_way: _UnderWay) -> None:
        """Let what people said meanwhile join the conversation, once, between two steps of the run."""
        taken, under_way.steering = under_way.steering, []
        if isinstance(log.state, RunState) and log.state.terminal is None:
            log.append(*(steering_message(signal.note) for signal in taken))
        await log.durable()
        await self.ports.store.consume(taken)

    def cancel(self, run_id: str, actor: Actor, reason: str = "") -> bool:
        """Ask a run of this process, and everything below it, to end; return whether it is under way.

        Asking again changes nothing.
        """
        wished = self._under_way.get(run_id)
        if wished is None:
            return False
        request = CancellationRequested(actor=actor, reason=reason)
        for name, under_way in self._under_way.items():
            if under_way.request is None and self._is_below(name, run_id):
                under_way.request = request
                if not under_way.with_children:
                    under_way.task.cancel()
        return True

    def _is_below(self, name: str, run_id: str) -> bool:
        """Return whether a run is `run_id`, or under way somewhere below it."""
        at: str | None = name
        while at is not None and at != run_id:
            above = self._under_way.get(at)
            at = above.parent_id if above is not None else None
        return at == run_id

    def _watch_signals(self) -> None:
        if self._pump is None or self._pump.done():
            self._pump = asyncio.create_task(self._pump_signals())

    async def _pump_signals(self) -> None:
        """Turn wishes of other processes into cancellations here, while anything is under way."""
        while self._under_way:
            signals = await self.ports.store.signals(list(self._under_way))
            cancels = [signal for signal in signals if signal.kind == "cancel"]
            for signal in signals:
                self._pass_on(signal)
            if cancels:
                await self.ports.store.consume(cancels)
            await self.ports.clock.sleep(SIGNAL_POLL_S)

    def _pass_on(self, signal: Signal) -> None:
        if signal.kind == "cancel":
            self.cancel(signal.run_id, signal.actor, signal.note)
            return
        under_way = self._under_way.get(signal.run_id)
        if under_way is not None and signal.key not in under_way.steered:
            under_way.steered.add(signal.key)
            under_way.steering.append(signal)

    async def _open(self, root: str) -> Workspace:
        """Share one workspace among the runs of a tree that work in the same directory."""
        async with self._opening:
            opened = self._workspaces.get(root)
            if opened is None:
                opened = _Opened(await self.ports.workspaces.open(root))
                self._workspaces[root] = opened
            opened.users += 1
        return opened.workspace

    async def _close(self, root: str) -> None:
        opened = self._workspaces[root]
        opened.users -= 1
        if opened.users == 0:
            del self._workspaces[root]
            await opened.workspace.close()

    async def close(self) -> None:
        """Stop watching for wishes and let go of runs that were created and never driven."""
        for log in self._fresh.values():
            await log.release()
        if self._pump is not None:
            self._pump.cancel()
            await asyncio.gather(self._pump, return_exceptions=True)


def _completes(command: object) -> bool:
    return isinstance(command, Append) and isinstance(command.events[-1], RunCompleted)


def fold_any(entries: Sequence[Recorded]) -> RunState | TaskState:
    """Return the state of a log of either kind.

    Raises:
        LogCorrupt: the log is empty or does not begin with run.created.
    """
    first = entries[0].event if entries else None
    if not isinstance(first, RunCreated):
        raise LogCorrupt("the log does not begin with run.created")
    if isinstance(first.subject, WorkflowSubject):
        return fold_task(entries)
    return fold(entries)


def standing(state: RunState | TaskState) -> Ended:
    """Return how a run stands."""
    waiting: tuple[str, str] | None = None
    if state.gate is not None:
        waiting = (state.gate.gate_id, state.gate.question)
    elif state.terminal is None:
        waiting = _child_waiting(state)
    history = None
    if isinstance(state, RunState) and state.subject.inline:
        history = history_change(state.subject.history, handed_down(state.messages))
    return Ended(state.terminal, state.bill, state.usage, waiting, history)


def steering_message(text: str) -> MessageAdded:
    """Return what somebody said to a run that is under way."""
    return MessageAdded(message=user_message(f"<user_message>{text}</user_message>", USER_PROMPT))


def _child_waiting(state: RunState | TaskState) -> tuple[str, str] | None:
    if isinstance(state, TaskState):
        waits = state.progress.waiting if state.progress is not None else None
        return None if waits is None else (waits.gate_id, waits.question)
    for child in state.children:
        if child.waiting is not None:
            return child.waiting.gate_id, child.waiting.question
    return None
