"""The room that runs and calls take under limits.

A run takes its room while somebody works on it, not while it waits for people: the task of a space, the run of an agent
that a step or a person started. What an agent starts itself works in the room of the run above it, else an agent with
one place that calls itself would wait for itself.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.definition.serving import served_by
from callboard.domain.events.run import AgentSubject, RunCreated
from callboard.domain.run.state import RunState
from callboard.domain.task_run.state import TaskState
from callboard.engine.pacing import Ask, limit_name
from callboard.ports.model import ModelProvider, key_name_of
from callboard.runtime.ports import Ports
from callboard.runtime.under_way import Driven

PATIENCE_S: Final = 2.0
"""How long a root run waits for room, in seconds, before it is left for later."""


async def room_of(ports: Ports, created: RunCreated) -> Sequence[Ask]:
    """Return the room that a run needs to be worked on."""
    if not isinstance(created.subject, AgentSubject):
        return () if created.task is None else await ports.casting.task_room(created.space)
    if created.parent is not None and created.step is None:
        return ()
    return await ports.casting.agent_room(created.subject.definition)


@asynccontextmanager
async def child_room(
    ports: Ports, state: RunState | TaskState, driven: Driven
) -> AsyncGenerator[None]:
    """Hold the room that a child run works in, and wait for it before; who shall end needs none."""
    async with AsyncExitStack() as held:
        if state.created.parent is not None and driven.request is None:
            try:
                asks = await room_of(ports, state.created)
                await held.enter_async_context(ports.slots.held(state.run_id, asks))
            except asyncio.CancelledError:
                if driven.request is None:
                    raise
                driven.task.uncancel()
        yield


async def call_room(
    ports: Ports, asker: AgentDefinition, model: str, provider: ModelProvider
) -> Sequence[Ask]:
    """Return the room that a model call needs, as far as its provider, its model or its credential is limited."""
    names = [limit_name("provider", served_by(asker.provider, model)), limit_name("model", model)]
    key = key_name_of(provider)
    if key is not None:
        names.append(limit_name("credential", key))
    return [Ask(name) for name in await ports.slots.limiter.limited(names)]
