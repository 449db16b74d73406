"""What people wish of runs under way, from wherever they say so: to end them, or to tell them something.

A wish is in the store at once and becomes an event here, in the process that drives the run.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from callboard.domain.errors import CallboardError
from callboard.domain.events.conversation import MessageAdded
from callboard.domain.events.union import AnyEvent
from callboard.domain.events.workflow import CommentAdded
from callboard.domain.message import user_message
from callboard.domain.run.state import RunState
from callboard.domain.run.tags import USER_PROMPT
from callboard.domain.task_run.state import TaskState
from callboard.ports.event_store import Signal
from callboard.runtime.ports import Ports
from callboard.runtime.run_log import RunLog
from callboard.runtime.under_way import Driven, UnderWay

SIGNAL_POLL_S = 0.1


class Wishes:
    """The wishes for the runs of this process, looked for while any is under way."""

    def __init__(self, ports: Ports, under_way: UnderWay) -> None:
        self._ports = ports
        self._under_way = under_way
        self._watching: asyncio.Task[None] | None = None

    def watch(self) -> None:
        """Look for wishes of other processes from now on."""
        if self._watching is None or self._watching.done():
            self._watching = asyncio.create_task(self._watch())
            self._watching.add_done_callback(_retrieve)

    def check(self) -> None:
        """Raise what ended the watch, if anything did: a run that nobody can end is not driven on."""
        if self._watching is not None and self._watching.done() and not self._watching.cancelled():
            self._watching.result()

    async def _watch(self) -> None:
        while self._under_way:
            # A store that cannot be read for a while keeps the wishes: they are found when it can be again.
            with suppress(CallboardError):
                for signal in await self._ports.store.signals(self._under_way.run_ids):
                    self._under_way.pass_on(signal)
            await self._ports.clock.sleep(SIGNAL_POLL_S)

    async def heard(self, state: RunState | TaskState, driven: Driven) -> bool:
        """Return whether somebody said something to a run that is about to end."""
        if _may_be_known(state):
            for signal in await self._ports.store.signals([state.run_id]):
                if signal.kind != "cancel":
                    driven.hear(signal)
        return bool(driven.said)

    async def tell(self, log: RunLog[RunState] | RunLog[TaskState], driven: Driven) -> None:
        """Let what people said meanwhile join the conversation, once, between two steps of the run."""
        taken = driven.take_said()
        if log.state.terminal is None:
            log.append(*_said(log.state, taken))
        await log.durable()
        await self._ports.store.consume(taken)

    async def fulfilled(self, state: RunState | TaskState) -> None:
        """Consume the wishes to end a run, not before it has ended: whoever takes it over must find them."""
        if state.cancellation is None and not _may_be_known(state):
            return
        found = await self._ports.store.signals([state.run_id])
        cancels = [signal for signal in found if signal.kind == "cancel"]
        if cancels:
            await self._ports.store.consume(cancels)

    async def close(self) -> None:
        """Look no more."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)


def _retrieve(watching: "asyncio.Task[None]") -> None:
    """Look at a failure, so that nobody complains: the runs that are under way raise it."""
    if not watching.cancelled():
        watching.exception()


def _may_be_known(state: RunState | TaskState) -> bool:
    """Return whether other processes may have said something to a run: not to one that has just begun."""
    is_old = (state.at - state.started_at).total_seconds() > SIGNAL_POLL_S
    return is_old or (isinstance(state, RunState) and state.epoch > 1)


def _said(state: RunState | TaskState, taken: Sequence[Signal]) -> list[AnyEvent]:
    """Return what people said as events: a message to an agent, a comment on a task."""
    if isinstance(state, RunState):
        return [steering_message(signal.note) for signal in taken if signal.kind == "steer"]
    comments = [signal for signal in taken if signal.kind == "comment"]
    return [CommentAdded(actor=signal.actor, text=signal.note) for signal in comments]


def steering_message(text: str) -> MessageAdded:
    """Return what somebody said to a run that is under way."""
    return MessageAdded(message=user_message(f"<user_message>{text}</user_message>", USER_PROMPT))
