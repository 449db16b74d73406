"""Performing samples: several answers over the same conversation, each an effect of its own."""

from callboard.domain.errors import CallboardError, ModelError
from callboard.domain.events.program import SampleCompleted, SampleFailed, SampleStarted
from callboard.domain.message import Message
from callboard.domain.run.state import RunState
from callboard.domain.tool import ToolSpec
from callboard.engine.commands import SampleModel
from callboard.engine.text_calls import as_text
from callboard.runtime.model_calls import bounded, failure_of, request_for
from callboard.runtime.ports import Ports
from callboard.runtime.run_log import RunLog
from callboard.runtime.side_by_side import side_by_side


async def sample_model(
    ports: Ports, log: RunLog[RunState], specs: tuple[ToolSpec, ...], command: SampleModel
) -> None:
    """Ask for the missing answers side by side and append each as it comes.

    Nothing of them is shown to watchers: they are drafts until the program chooses one.
    """
    if command.delay_s > 0:
        await ports.clock.sleep(command.delay_s)
    state = log.state
    request = request_for(state, specs)

    async def ask(index: int) -> None:
        model = state.subject.model
        log.append(SampleStarted(index=index, attempt=command.attempt, model=model))
        began = ports.clock.monotonic()
        try:
            provider = await ports.models.provider_for(state.subject.definition, model)
            answer = await bounded(ports, provider, request, command.deadline_at, show=False)
        except ModelError as error:
            failed = failure_of(error)
            log.append(SampleFailed(index=index, attempt=command.attempt, failure=failed))
            return
        except CallboardError as error:
            failed = failure_of(ModelError(str(error), reason=error.code))
            log.append(SampleFailed(index=index, attempt=command.attempt, failure=failed))
            return
        log.append(
            SampleCompleted(
                index=index,
                text=as_text(Message(role="assistant", parts=answer.parts)).text,
                usage=answer.usage,
                cost_usd=answer.cost_usd,
                duration_ms=round((ports.clock.monotonic() - began) * 1000),
            )
        )

    await side_by_side([ask(index) for index in command.indices])
