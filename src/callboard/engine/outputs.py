"""What a finished run returns, by its definition's output mode."""

from callboard.domain.events.run import RunCancelled, RunCompleted, RunFailed
from callboard.domain.output import (
    AllMessages,
    ErrorOutput,
    LastMessage,
    RunOutput,
    StructuredOutput,
)
from callboard.domain.run.state import RunState
from callboard.domain.task_run.state import TaskState
from callboard.engine.transcript import to_language


def output_of(state: RunState) -> RunOutput:
    """Return the output of a run that ended by itself."""
    match state.subject.definition.output_mode:
        case "structured_output":
            return StructuredOutput(value=state.output)
        case "all_messages":
            return AllMessages(value=to_language(state.messages[state.own_from :]))
        case "last_message":
            return _last_message(state)


def _last_message(state: RunState) -> RunOutput:
    answers = [
        message for message in state.messages[state.own_from :] if message.role == "assistant"
    ]
    if not answers:
        return ErrorOutput(message="No response from agent", code="no_response")
    text = next((answer.text for answer in reversed(answers) if answer.text.strip()), "")
    return LastMessage(value=text, text=text)


def completed(state: RunState) -> RunCompleted | RunFailed:
    """Return the terminal event of a run that ended by itself: failed where it has nothing to show."""
    output = output_of(state)
    if isinstance(output, ErrorOutput):
        return failed(state, output.message, output.code)
    return RunCompleted(output=output, cost_usd=state.bill.total_usd, usage=state.usage)


def failed(state: RunState | TaskState, message: str, code: str) -> RunFailed:
    """Return the terminal event of a run that came to nothing."""
    output = ErrorOutput(message=message, code=code)
    return RunFailed(output=output, cost_usd=state.bill.total_usd, usage=state.usage)


def cancelled(state: RunState) -> RunCancelled:
    """Return the terminal event of a run that somebody ended."""
    request = state.cancellation
    message = "Run cancelled" if request is None else f"Run cancelled by {request.actor.name}"
    if request is not None and request.reason:
        message += f": {request.reason}"
    output = ErrorOutput(message=message, code="cancelled")
    return RunCancelled(output=output, cost_usd=state.bill.total_usd, usage=state.usage)
