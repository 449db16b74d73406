"""decide: RunState -> Command. Pure and total: the same state always gives the same answer.

There is no other argument, no clock and no flag: what a decision must know is an event first.
"""

from collections.abc import Callable

from callboard.domain.events.conversation import MessageAdded
from callboard.domain.events.run import CancellationRequested
from callboard.domain.message import user_message
from callboard.domain.run.state import ProgramState, RunState, TurnOutcome
from callboard.domain.run.tags import OUTPUT_REMINDER, RECOVERY
from callboard.engine.budget_gate import out_of_money
from callboard.engine.calls import decide_calls, never_requested
from callboard.engine.chains import next_in_chain, those_asked
from callboard.engine.commands import (
    AdvanceProgram,
    Append,
    CallModel,
    CancelChildren,
    Command,
    RecordFiles,
    Rest,
    SampleModel,
    Wait,
)
from callboard.engine.compaction import due_compaction
from callboard.engine.endings import came_to_nothing, turn_ends
from callboard.engine.limits import WALL_TIME, breach, ends_before
from callboard.engine.loop_breaker import breaking
from callboard.engine.outputs import cancelled, completed, failed
from callboard.engine.programs import program_started
from callboard.engine.retry import MAX_FAILURES, retry_delay

MAX_RECOVERIES = 3
"""Consecutive answers that came to nothing before the run is given up."""

MAX_YIELDS = 10_000
"""Yields of one program: a generator may go on for ever, a run may not."""

_REMINDER = (
    '<system>You must use the "set_output" tool to give your result before you end, with an object that '
    "conforms to the output schema.</system>"
)
_CUT_OFF = (
    "<system>Your answer was cut off at the output limit. Go on where it stopped, in smaller pieces."
    "</system>"
)
_NOTHING = "<system>Your last answer was empty. Answer, or call a tool.</system>"


def decide(state: RunState) -> Command:
    """Return what happens next in a run."""
    if state.terminal is not None:
        return Rest()
    if state.cancellation is not None:
        return _cancel(state, state.cancellation)
    if state.gate is not None:
        return Wait(state.gate.gate_id)
    missing = never_requested(state)
    if missing:
        return Append(missing)
    if state.calls:
        return decide_calls(state)
    if state.unrecorded:
        return RecordFiles(state.turn, state.tree)
    if state.subject.definition.handle_steps is not None and not _speaks_alone(state):
        return _programmed(state, state.program)
    if state.outcome is not None:
        ending = _ending(state, state.outcome)
        if ending is not None:
            return ending
    return _next_turn(state)


def _cancel(state: RunState, request: CancellationRequested) -> Command:
    """Children end before their parent."""
    below = tuple(child.started.child_run_id for child in state.children if child.ended is None)
    return CancelChildren(below, request) if below else Append((cancelled(state),))


def _speaks_alone(state: RunState) -> bool:
    """Return whether the run's program is over and the model goes on without it."""
    return state.program is not None and state.program.mode == "reminded"


def _programmed(state: RunState, program: ProgramState | None) -> Command:
    """Return what happens next in a run that a program leads: it always runs before the model."""
    if program is None:
        return Append((program_started(state),))
    match program.mode:
        case "ready" | "calls":
            return _advance(state, program)
        case "step":
            return _next_turn(state) if state.outcome is None else _advance(state, program)
        case "step_all":
            return _until_turn_ends(state, program)
        case "generate":
            return _samples(state, program)
        case "failed":
            code = "program_diverged" if program.diverged else "program_failed"
            return Append((failed(state, program.message, code),))
        case "returned" | "reminded":
            return _end(state)


def _advance(state: RunState, program: ProgramState) -> Command:
    if program.yields >= MAX_YIELDS:
        message = f"handleSteps yielded {MAX_YIELDS} times; that is the most that a run may."
        return Append((failed(state, message, "yield_limit"),))
    if ends_before(state, 0):
        return Append((failed(state, WALL_TIME.message, WALL_TIME.code),))
    return AdvanceProgram()


def _until_turn_ends(state: RunState, program: ProgramState) -> Command:
    outcome = state.outcome
    if outcome is None:
        return _next_turn(state)
    if came_to_nothing(outcome):
        return _recover(state, outcome)
    return _advance(state, program) if turn_ends(state, outcome) else _next_turn(state)


def _samples(state: RunState, program: ProgramState) -> Command:
    there = {sample.index for sample in program.samples}
    missing = tuple(index for index in range(program.count) if index not in there)
    return _asking(
        state,
        lambda delay_s: SampleModel(missing, state.attempt + 1, delay_s, state.created.deadline_at),
    )


def _ending(state: RunState, outcome: TurnOutcome) -> Command | None:
    """Return how the run goes on after a finished turn, or None where the model is to speak again."""
    if came_to_nothing(outcome):
        return _recover(state, outcome)
    return _end(state) if turn_ends(state, outcome) else None


def _end(state: RunState) -> Command:
    wants_output = state.subject.definition.output_schema is not None
    if wants_output and not state.output_is_set and not state.reminded:
        return Append((MessageAdded(message=user_message(_REMINDER, OUTPUT_REMINDER)),))
    return Append((completed(state),))


def _recover(state: RunState, outcome: TurnOutcome) -> Command:
    cut_off = outcome.finish == "length"
    if state.recoveries >= MAX_RECOVERIES:
        what = "were cut off at the output limit" if cut_off else "were empty"
        message = f"The last {MAX_RECOVERIES + 1} answers of {state.model} {what}."
        return Append((failed(state, message, "no_answer"),))
    note = _CUT_OFF if cut_off else _NOTHING
    return Append((MessageAdded(message=user_message(note, RECOVERY)),))


def _next_turn(state: RunState) -> Command:
    circling = breaking(state)
    if circling is not None:
        return circling
    summary = due_compaction(state)
    if summary is not None:
        return Append((summary,))
    return _asking(
        state,
        lambda delay_s: CallModel(
            turn=state.turn + 1,
            attempt=state.attempt + 1,
            delay_s=delay_s,
            deadline_at=state.created.deadline_at,
        ),
    )


def _asking(state: RunState, ask: Callable[[float], Command]) -> Command:
    """Return the request that `ask` makes after a delay, unless a limit or earlier failures forbid it."""
    reached = breach(state)
    if reached is not None:
        return Append((failed(state, reached.message, reached.code),))
    if state.short_of is not None:
        return out_of_money(state, state.short_of)
    delay_s = 0.0
    if state.failure is not None:
        delay = retry_delay(state.failure, state.failures, seed=state.run_id)
        if delay is None:
            replaced = next_in_chain(state, state.failure)
            if replaced is not None:
                return Append((replaced,))
            return Append((failed(state, _gave_up(state), f"model_{state.failure.reason}"),))
        delay_s = delay
    if ends_before(state, delay_s):
        return Append((failed(state, WALL_TIME.message, WALL_TIME.code),))
    return ask(delay_s)


def _gave_up(state: RunState) -> str:
    failure = state.failure
    message = "" if failure is None else failure.message
    if state.position > 0:
        message = f"{message} (asked before it, in vain: {those_asked(state)})"
    if failure is not None and failure.retryable and state.failures >= MAX_FAILURES:
        return f"The model call failed {state.failures} times, the last time with: {message}"
    return f"The model call failed: {message}"
