"""Performing a model call: one attempt, its answer or its failure as events."""

from callboard.domain.events.model_call import ModelCallFailed, ModelCallStarted
from callboard.domain.frozen import unchecked
from callboard.domain.run.state import RunState
from callboard.domain.tool import ToolSpec
from callboard.engine.commands import CallModel
from callboard.engine.prompt import next_prompt
from callboard.engine.text_calls import as_text, described
from callboard.ports.model import ModelRequest
from callboard.runtime.answers import Offer, answer_events
from callboard.runtime.asking import Asking, ask
from callboard.runtime.ports import Ports
from callboard.runtime.run_log import RunLog


async def call_model(
    ports: Ports,
    log: RunLog[RunState],
    offer: Offer,
    specs: tuple[ToolSpec, ...],
    command: CallModel,
) -> None:
    """Ask for the next answer and append what came of it."""
    if command.delay_s > 0:
        await ports.clock.sleep(command.delay_s)
    state, turn, attempt = log.state, command.turn, command.attempt
    request = request_for(state, specs)
    asking = Asking(
        request,
        key=f"{state.run_id}:{turn}.{attempt}",
        started=unchecked(
            ModelCallStarted,
            v=ModelCallStarted.version,
            type="model_call.started",
            turn=turn,
            attempt=attempt,
            model=request.model,
        ),
        failed=lambda why: ModelCallFailed(turn=turn, attempt=attempt, failure=why),
        deadline_at=command.deadline_at,
    )
    answered = await ask(ports, log, asking)
    if answered is not None:
        took = answered.duration_ms
        events = answer_events(state, offer, answered.answer, attempt=attempt, duration_ms=took)
        log.append(*events)


def request_for(state: RunState, specs: tuple[ToolSpec, ...]) -> ModelRequest:
    """Return the request for the next answer."""
    prompt = next_prompt(state)
    system, messages, tools = state.subject.system, prompt.messages, specs
    if state.subject.definition.text_tool_calls:
        system = "\n\n".join(part for part in (system, described(specs)) if part)
        messages, tools = tuple(as_text(message) for message in messages), ()
    return ModelRequest(
        conversation=state.run_id,
        model=state.model,
        system=system,
        messages=messages,
        stable=prompt.stable,
        tools=tools,
        reasoning=state.subject.definition.reasoning_options,
        provider_options=state.subject.definition.provider_options,
    )
