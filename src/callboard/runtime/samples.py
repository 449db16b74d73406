"""Performing samples: several answers over the same conversation, each an effect of its own."""

from callboard.domain.events.program import SampleCompleted, SampleFailed, SampleStarted
from callboard.domain.message import Message
from callboard.domain.run.state import RunState
from callboard.domain.tool import ToolSpec
from callboard.engine.commands import SampleModel
from callboard.engine.text_calls import as_text
from callboard.runtime.asking import Asking, ask
from callboard.runtime.model_calls import request_for
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
    state, attempt = log.state, command.attempt
    request, model = request_for(state, specs), state.model
    yields = state.program.yields if state.program is not None else 0

    async def sample(index: int) -> None:
        asking = Asking(
            request,
            key=f"{state.run_id}:s{yields}.{attempt}.{index}",
            started=SampleStarted(index=index, attempt=attempt, model=model),
            failed=lambda why: SampleFailed(index=index, attempt=attempt, failure=why),
            deadline_at=command.deadline_at,
            show=False,
        )
        answered = await ask(ports, log, asking)
        if answered is None:
            return
        answer = answered.answer
        log.append(
            SampleCompleted(
                index=index,
                text=as_text(Message(role="assistant", parts=answer.parts)).text,
                usage=answer.usage,
                cost_usd=answer.cost_usd,
                market_usd=answer.market_usd,
                basis=answer.cost_basis,
                credential=answer.credential,
                duration_ms=answered.duration_ms,
            )
        )

    await side_by_side([sample(index) for index in command.indices])
