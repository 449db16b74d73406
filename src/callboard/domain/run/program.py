"""The part of the fold that follows a program: what it yielded, and what its yields come to."""

from callboard.domain.events.program import (
    ProgramEnded,
    ProgramStarted,
    ProgramYielded,
    SampleCompleted,
    SampleFailed,
    SampleStarted,
)
from callboard.domain.frozen import changed
from callboard.domain.message import Message
from callboard.domain.run.state import ProgramMode, ProgramState, RunState, TurnOutcome
from callboard.domain.run.turn import requested_calls
from callboard.domain.usage import Usage

_NOBODYS = Message(role="assistant", parts=())


def after_program_event(
    state: RunState,
    event: ProgramStarted
    | ProgramYielded
    | ProgramEnded
    | SampleStarted
    | SampleCompleted
    | SampleFailed,
) -> RunState:
    """Return the state after an event of a program."""
    match event:
        case ProgramStarted():
            return changed(state, program=ProgramState(event.source_digest, event.seed))
        case ProgramYielded():
            return _yielded(state, event)
        case ProgramEnded():
            return _ended(state, event)
        case SampleStarted():
            return changed(state, attempt=event.attempt)
        case SampleFailed():
            return changed(state, failures=state.failures + 1, failure=event.failure)
        case SampleCompleted():
            return _sampled(state, event)


def _yielded(state: RunState, event: ProgramYielded) -> RunState:
    program = state.program
    if program is None:
        return state
    modes: dict[str, ProgramMode] = {
        "step": "step",
        "step_all": "step_all",
        "generate": "generate",
    }
    message = event.message or _NOBODYS
    asked = message.tool_calls
    call_ids = tuple([part.call_id for part in asked])
    asks = bool(call_ids)
    after = changed(
        program,
        mode=modes.get(event.kind, "calls" if asks else "ready"),
        yields=event.index,
        results=program.results if event.kind == "text" and not asks else (),
        steps_complete=event.steps_complete,
        count=event.count,
        samples=(),
        sampled=False,
    )
    said = (message,) if event.shown and message.parts else ()
    outcome = TurnOutcome(finish="tool_calls", call_ids=call_ids, had_text=False)
    return changed(
        state,
        program=after,
        messages=(*state.messages, *said),
        calls=requested_calls(event.requests, asked),
        tool_calls=state.tool_calls + len(event.requests),
        outcome=outcome if asks else None,
    )


def _ended(state: RunState, event: ProgramEnded) -> RunState:
    program = state.program
    if program is None:
        return state
    if event.ending == "returned":
        return changed(state, program=changed(program, mode="returned"), outcome=None)
    diverged = event.ending == "diverged"
    over = changed(program, mode="failed", diverged=diverged, message=event.message)
    return changed(state, program=over)


def _sampled(state: RunState, event: SampleCompleted) -> RunState:
    program = state.program
    if program is None:
        return state
    samples = (*program.samples, event)
    whole = len(samples) >= program.count
    return changed(
        state,
        program=changed(
            program, samples=samples, sampled=whole, mode="ready" if whole else program.mode
        ),
        attempt=0,
        failures=0,
        failure=None,
        usage=state.usage + (event.usage or Usage()),
        bill=state.bill.plus(event.cost_usd),
    )
