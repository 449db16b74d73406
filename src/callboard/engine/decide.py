"""decide: RunState -> Command. Pure and total: the same state always gives the same answer.

There is no other argument, no clock and no flag: what a decision must know is an event first.
"""

from callboard.domain.events.conversation import MessageAdded
from callboard.domain.events.run import CancellationRequested
from callboard.domain.message import user_message
from callboard.domain.run.fold import OUTPUT_REMINDER, RECOVERY
from callboard.domain.run.state import RunState, TurnOutcome
from callboard.engine.calls import decide_calls, never_requested
from callboard.engine.commands import (
    Append,
    CallModel,
    CancelChildren,
    Command,
    RecordFiles,
    Rest,
    Wait,
)
from callboard.engine.control import END_TURN
from callboard.engine.limits import WALL_TIME, breach, ends_before
from callboard.engine.outputs import cancelled, completed, failed
from callboard.engine.retry import MAX_FAILURES, retry_delay

MAX_RECOVERIES = 3
"""Consecutive answers that came to nothing before the run is given up."""

# Tools that leave nothing for the model to react to: a turn of only these ends the run.
_QUIET = frozenset({"think_deeply", "set_output", "set_messages", "add_message"})

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
    if state.outcome is not None:
        ending = _ending(state, state.outcome)
        if ending is not None:
            return ending
    return _next_turn(state)


def _cancel(state: RunState, request: CancellationRequested) -> Command:
    """Children end before their parent."""
    below = tuple(child.started.child_run_id for child in state.children if child.ended is None)
    return CancelChildren(below, request) if below else Append((cancelled(state),))


def _ending(state: RunState, outcome: TurnOutcome) -> Command | None:
    """Return how the run goes on after a finished turn, or None where the model is to speak again."""
    if END_TURN in outcome.tools and not outcome.had_refusals:
        return _end(state)
    if outcome.had_refusals or any(tool not in _QUIET for tool in outcome.tools):
        return None
    if not outcome.tools and (outcome.finish == "length" or not outcome.had_text):
        return _recover(state, outcome)
    return _end(state)


def _end(state: RunState) -> Command:
    wants_output = state.subject.definition.output_schema is not None
    if wants_output and not state.output_is_set and not state.reminded:
        return Append((MessageAdded(message=user_message(_REMINDER, OUTPUT_REMINDER)),))
    return Append((completed(state),))


def _recover(state: RunState, outcome: TurnOutcome) -> Command:
    cut_off = outcome.finish == "length"
    if state.recoveries >= MAX_RECOVERIES:
        what = "were cut off at the output limit" if cut_off else "were empty"
        message = f"The last {MAX_RECOVERIES + 1} answers of {state.subject.model} {what}."
        return Append((failed(state, message, "no_answer"),))
    note = _CUT_OFF if cut_off else _NOTHING
    return Append((MessageAdded(message=user_message(note, RECOVERY)),))


def _next_turn(state: RunState) -> Command:
    reached = breach(state)
    if reached is not None:
        return Append((failed(state, reached.message, reached.code),))
    delay_s = 0.0
    if state.failure is not None:
        delay = retry_delay(state.failure, state.failures, seed=state.run_id)
        if delay is None:
            return Append((failed(state, _gave_up(state), f"model_{state.failure.reason}"),))
        delay_s = delay
    if ends_before(state, delay_s):
        return Append((failed(state, WALL_TIME.message, WALL_TIME.code),))
    return CallModel(
        turn=state.turn + 1,
        attempt=state.attempt + 1,
        delay_s=delay_s,
        deadline_at=state.created.deadline_at,
    )


def _gave_up(state: RunState) -> str:
    failure = state.failure
    message = "" if failure is None else failure.message
    if failure is not None and failure.retryable and state.failures >= MAX_FAILURES:
        return f"The model call failed {state.failures} times, the last time with: {message}"
    return f"The model call failed: {message}"
