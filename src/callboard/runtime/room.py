"""The room that runs and calls take under limits.

A run takes its room while somebody works on it, not while it waits for people: the task of a space, the run of an agent
that a step or a person started. What an agent starts itself works in the room of the run above it, else an agent with
one place that calls itself would wait for itself.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Final

from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.definition.serving import served_by
from callboard.domain.errors import CallboardError
from callboard.domain.events.run import AgentSubject, RunCreated
from callboard.domain.run.state import RunState
from callboard.domain.task_run.state import TaskState
from callboard.engine.pacing import Ask, limit_name, tokens_of
from callboard.engine.token_bound import input_bound, likely_tokens
from callboard.ports.limiter import Limiter
from callboard.ports.model import ModelProvider, ModelRequest, key_name_of
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


@dataclass(slots=True)
class CallRoom:
    """The room that a model call needs: a place under some names, and tokens of a minute under others, of which it takes
    `likely` ones. `used` is what it came to: nothing as long as it has not begun, None where nobody knows.
    """

    places: Sequence[str]
    metered: Sequence[str]
    likely: int
    used: int | None = 0

    @property
    def asks(self) -> Sequence[Ask]:
        """What to ask for."""
        places = [Ask(name) for name in self.places]
        return [*places, *(Ask(name, amount=self.likely) for name in self.metered)]

    async def settle(self, limiter: Limiter) -> None:
        """Book what the call came to; what nobody knows stays at what was likely, and so does what cannot be booked."""
        if self.metered and self.used is not None and self.used != self.likely:
            with suppress(CallboardError):
                await limiter.correct(self.metered, by=self.used - self.likely)


async def call_room(
    ports: Ports,
    asker: AgentDefinition,
    model: str,
    provider: ModelProvider,
    request: ModelRequest,
) -> CallRoom | None:
    """Return the room that a model call needs, as far as its provider, its model or its credential is limited."""
    names = [limit_name("provider", served_by(asker.provider, model)), limit_name("model", model)]
    key = key_name_of(provider)
    if key is not None:
        names.append(limit_name("credential", key))
    limited = await ports.slots.limiter.limited((*names, *map(tokens_of, names)))
    if not limited:
        return None
    places = [name for name in names if name in limited]
    metered = [name for name in limited if name not in places]
    return CallRoom(places, metered, _likely(request) if metered else 0)


def _likely(request: ModelRequest) -> int:
    bound = input_bound(request.system, request.messages, request.tools)
    return likely_tokens(bound, request.max_output_tokens)
