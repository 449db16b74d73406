"""Performing samples: several answers over the same conversation, each an effect of its own."""

from callboard.domain.errors import CallboardError
from callboard.domain.events.budget import BudgetReached
from callboard.domain.events.program import SampleCompleted, SampleFailed, SampleStarted
from callboard.domain.message import Message
from callboard.domain.run.state import RunState
from callboard.domain.tool import ToolSpec
from callboard.engine.commands import SampleModel
from callboard.engine.text_calls import as_text
from callboard.runtime.model_calls import as_model_error, failure_of, held, request_for
from callboard.runtime.ports import Ports
from callboard.runtime.run_log import RunLog
from callboard.runtime.side_by_side import side_by_side
from callboard.runtime.spending import reserve


async def sample_model(
    ports: Ports, log: RunLog[RunState], specs: tuple[ToolSpec, ...], command: SampleModel
) -> None:
    """Ask for the missing answers side by side and append each as it comes.

    Nothing of them is shown to watchers: they are drafts until the program chooses one.
    """
    if command.delay_s > 0:
        await ports.clock.sleep(command.delay_s)
    state = log.state
    request, model = request_for(state, specs), state.subject.model
    yields = state.program.yields if state.program is not None else 0
    place = f"{state.run_id}:s{yields}.{command.attempt}"

    async def ask(index: int) -> None:
        began = ports.clock.monotonic()
        started = SampleStarted(index=index, attempt=command.attempt, model=model)
        try:
            provider = await ports.models.provider_for(state.subject.definition, model)
            hold = await reserve(ports, state, provider, request, f"{place}.{index}")
        except CallboardError as error:
            log.append(started, _failed(index, command, error))
            return
        if isinstance(hold, BudgetReached):
            log.append(hold)
            return
        log.append(started)
        try:
            answer = await held(ports, provider, hold, command.deadline_at, show=False)
        except CallboardError as error:
            log.append(_failed(index, command, error))
            return
        log.append(
            SampleCompleted(
                index=index,
                text=as_text(Message(role="assistant", parts=answer.parts)).text,
                usage=answer.usage,
                cost_usd=answer.cost_usd,
                market_usd=answer.market_usd,
                basis=answer.cost_basis,
                credential=answer.credential,
                duration_ms=round((ports.clock.monotonic() - began) * 1000),
            )
        )

    await side_by_side([ask(index) for index in command.indices])


def _failed(index: int, command: SampleModel, error: CallboardError) -> SampleFailed:
    failure = failure_of(as_model_error(error))
    return SampleFailed(index=index, attempt=command.attempt, failure=failure)
