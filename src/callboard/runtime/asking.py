"""One request to a model: under its budgets, before its deadline, its failure as an event."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from datetime import datetime

from callboard.domain.errors import CallboardError, LogError, ModelError, NoRoom
from callboard.domain.events.budget import BudgetReached
from callboard.domain.events.model_call import ModelFailure
from callboard.domain.events.union import AnyEvent
from callboard.domain.frozen import value
from callboard.domain.run.state import RunState
from callboard.ports.model import Delta, ModelAnswer, ModelProvider, ModelRequest
from callboard.runtime.ports import Ports
from callboard.runtime.room import CallRoom, call_room
from callboard.runtime.run_log import RunLog
from callboard.runtime.spending import Hold, reserve


@value
class Asking:
    """A request, the events that record its beginning and its failure, and the key of what is reserved for it.

    `show`: watchers see the pieces of the answer as they come.
    """

    request: ModelRequest
    key: str
    started: AnyEvent
    failed: Callable[[ModelFailure], AnyEvent]
    deadline_at: datetime | None
    show: bool = True


@value
class Answered:
    """An answer, and how long it took once the call had begun."""

    answer: ModelAnswer
    duration_ms: int


async def ask(ports: Ports, log: RunLog[RunState], asking: Asking) -> Answered | None:
    """Return the model's answer, or None where there is none, which is in the log then.

    The call starts before its beginning is durable: events keep their order, and a call whose beginning
    was lost with the process may be made again like one that never ended.
    """
    state = log.state
    try:
        choice = state.choice
        asker = choice.applied_to(state.subject.definition)
        provider = await ports.models.provider_for(asker, choice.model, space=state.created.space)
        room = await call_room(ports, asker, choice.model, provider, asking.request)
        if room is None:
            return await _asked(ports, log, asking, provider)
        return await _asked_in(room, ports, log, asking, provider)
    except NoRoom:
        log.append(asking.started, asking.failed(_failure(_out_of_time())))
    except LogError:
        raise  # the database is away: that is no answer of a model, and the run goes on from its log
    except CallboardError as error:
        log.append(asking.started, asking.failed(_failure(error)))
    return None


async def _asked_in(
    room: CallRoom, ports: Ports, log: RunLog[RunState], asking: Asking, provider: ModelProvider
) -> Answered | None:
    """Ask once there is room, and book what the call came to."""
    async with ports.slots.held(asking.key, room.asks, patience_s=_left(ports, asking)):
        try:
            return await _asked(ports, log, asking, provider, room)
        finally:
            await room.settle(ports.slots.limiter)


async def _asked(
    ports: Ports,
    log: RunLog[RunState],
    asking: Asking,
    provider: ModelProvider,
    room: CallRoom | None = None,
) -> Answered | None:
    """Ask under the run's budgets. Only what goes wrong before the call begins is raised.

    Raises:
        CallboardError: nothing could be reserved.
    """
    hold = await reserve(ports, log.state, provider, asking.request, asking.key)
    if isinstance(hold, BudgetReached):
        log.append(hold)
        return None
    log.append(asking.started)
    if room is not None:
        room.used = None
    began = ports.clock.monotonic()
    try:
        bounded = _bounded(ports, provider, hold.request, asking)
        answer = await (bounded if hold.key is None else _settled(hold, bounded))
    except CallboardError as error:
        log.append(asking.failed(_failure(error)))
        return None
    if room is not None and answer.usage is not None:
        room.used = answer.usage.input_tokens + answer.usage.output_tokens
    return Answered(answer, round((ports.clock.monotonic() - began) * 1000))


async def _settled(hold: Hold, bounded: Awaitable[ModelAnswer]) -> ModelAnswer:
    """Return an answer, and settle what was reserved for it.

    Raises:
        ModelError: there is none.
    """
    try:
        answer = await bounded
        hold.answered(answer)
    except ModelError:
        hold.refused()
        raise
    finally:
        await hold.settle()
    return answer


async def _bounded(
    ports: Ports, provider: ModelProvider, request: ModelRequest, asking: Asking
) -> ModelAnswer:

    def on_delta(delta: Delta) -> None:
        if asking.show:
            ports.live.delta(request.conversation, delta)

    left = _left(ports, asking)
    if left is None:
        return await provider.complete(request, on_delta)
    if left > 0:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(left):
                return await provider.complete(request, on_delta)
    raise _out_of_time()


def _left(ports: Ports, asking: Asking) -> float | None:
    """Return how many seconds a request has, where its time is bounded."""
    if asking.deadline_at is None:
        return None
    return (asking.deadline_at - ports.clock.now()).total_seconds()


def _out_of_time() -> ModelError:
    return ModelError("the run's wall-time limit was reached", reason="timeout")


def _failure(error: CallboardError) -> ModelFailure:
    """Return the record of why a call failed, whatever kind of failure it was."""
    known = error if isinstance(error, ModelError) else ModelError(str(error), reason=error.code)
    return ModelFailure(
        reason=known.reason,
        message=str(known),
        retryable=known.retryable,
        retry_after_s=known.retry_after_s,
    )
