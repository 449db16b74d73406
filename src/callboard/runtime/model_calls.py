"""Performing a model call: one attempt, its answer or its failure as events."""

import asyncio
import contextlib
from datetime import datetime

from callboard.domain.errors import CallboardError, ModelError
from callboard.domain.events.budget import BudgetReached
from callboard.domain.events.model_call import (
    ModelCallFailed,
    ModelCallStarted,
    ModelFailure,
)
from callboard.domain.run.state import RunState
from callboard.domain.tool import ToolSpec
from callboard.engine.commands import CallModel
from callboard.engine.prompt import next_prompt
from callboard.engine.text_calls import as_text, described
from callboard.ports.model import Delta, ModelAnswer, ModelProvider, ModelRequest
from callboard.runtime.answers import Offer, answer_events
from callboard.runtime.ports import Ports
from callboard.runtime.run_log import RunLog
from callboard.runtime.spending import Hold, reserve


async def call_model(
    ports: Ports,
    log: RunLog[RunState],
    offer: Offer,
    specs: tuple[ToolSpec, ...],
    command: CallModel,
) -> None:
    """Ask for the next answer and append what came of it.

    The call starts before its beginning is durable: events keep their order, and a call whose beginning
    was lost with the process may be made again like one that never ended.
    """
    if command.delay_s > 0:
        await ports.clock.sleep(command.delay_s)
    state = log.state
    model = state.subject.model
    started = ModelCallStarted(turn=command.turn, attempt=command.attempt, model=model)
    key = f"{state.run_id}:{command.turn}.{command.attempt}"
    try:
        provider = await ports.models.provider_for(state.subject.definition, model)
        hold = await reserve(ports, state, provider, request_for(state, specs), key)
    except CallboardError as error:
        log.append(started, _failure(command, as_model_error(error)))
        return
    if isinstance(hold, BudgetReached):
        log.append(hold)
        return
    log.append(started)
    began = ports.clock.monotonic()
    try:
        answer = await held(ports, provider, hold, command.deadline_at)
    except CallboardError as error:
        log.append(_failure(command, as_model_error(error)))
        return
    duration_ms = round((ports.clock.monotonic() - began) * 1000)
    log.append(
        *answer_events(state, offer, answer, attempt=command.attempt, duration_ms=duration_ms)
    )


def request_for(state: RunState, specs: tuple[ToolSpec, ...]) -> ModelRequest:
    """Return the request for the next answer."""
    prompt = next_prompt(state)
    system, messages, tools = state.subject.system, prompt.messages, specs
    if state.subject.definition.text_tool_calls:
        system = "\n\n".join(part for part in (system, described(specs)) if part)
        messages, tools = tuple(as_text(message) for message in messages), ()
    return ModelRequest(
        conversation=state.run_id,
        model=state.subject.model,
        system=system,
        messages=messages,
        stable=prompt.stable,
        tools=tools,
        reasoning=state.subject.definition.reasoning_options,
        provider_options=state.subject.definition.provider_options,
    )


def as_model_error(error: CallboardError) -> ModelError:
    """Return any failure as that of a model call."""
    return error if isinstance(error, ModelError) else ModelError(str(error), reason=error.code)


async def held(
    ports: Ports,
    provider: ModelProvider,
    hold: Hold,
    deadline_at: datetime | None,
    *,
    show: bool = True,
) -> ModelAnswer:
    """Return an answer and settle what was reserved for it; its pieces are shown to watchers, if at all.

    Raises:
        ModelError: there is none.
    """
    try:
        answer = await _bounded(ports, provider, hold.request, deadline_at, show=show)
        hold.answered(answer)
    except ModelError:
        hold.refused()
        raise
    finally:
        await hold.settle()
    return answer


async def _bounded(
    ports: Ports,
    provider: ModelProvider,
    request: ModelRequest,
    deadline_at: datetime | None,
    *,
    show: bool,
) -> ModelAnswer:

    def on_delta(delta: Delta) -> None:
        if show:
            ports.live.delta(request.conversation, delta)

    if deadline_at is None:
        return await provider.complete(request, on_delta)
    left = (deadline_at - ports.clock.now()).total_seconds()
    if left > 0:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(left):
                return await provider.complete(request, on_delta)
    raise ModelError("the run's wall-time limit was reached", reason="timeout")


def _failure(command: CallModel, error: ModelError) -> ModelCallFailed:
    return ModelCallFailed(turn=command.turn, attempt=command.attempt, failure=failure_of(error))


def failure_of(error: ModelError) -> ModelFailure:
    """Return the record of why a call failed."""
    return ModelFailure(
        reason=error.reason,
        message=str(error),
        retryable=error.retryable,
        retry_after_s=error.retry_after_s,
    )
