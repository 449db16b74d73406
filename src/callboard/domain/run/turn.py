"""The part of the fold that follows one turn: an answer, its calls, and their results."""

from callboard.domain.events.model_call import ModelCallCompleted
from callboard.domain.events.tool_call import CallRequest, ToolCallRefused, ToolCallStarted
from callboard.domain.frozen import changed, unchecked
from callboard.domain.message import (
    JsonObject,
    Message,
    ToolCallPart,
    ToolOutputs,
    ToolResultPart,
)
from callboard.domain.run.actions import with_calls
from callboard.domain.run.call import Call
from callboard.domain.run.state import ProgramState, RunState, TurnOutcome
from callboard.domain.tool import ToolFacts, error_outputs, json_outputs

ENDING_TOOLS = frozenset({"end_turn", "task_completed"})
"""A call of one of these ends the run, once everything else of the turn is settled."""

_NEVER_MADE = ToolFacts(access="control", retry_safety="pure")


def opened_turn(state: RunState, event: ModelCallCompleted) -> RunState:
    """Return the state after an answer; refusals of some of its calls may follow."""
    message, requests, usage = event.message, event.requests, event.usage
    asked, had_text = message.tool_calls, bool(message.text.strip())
    came_to_nothing = event.finish == "length" or not (had_text or asked)
    return changed(
        state,
        messages=(*state.messages, message),
        turn=event.turn,
        attempt=0,
        failures=0,
        failure=None,
        outcome=TurnOutcome(event.finish, tuple([part.call_id for part in asked]), had_text),
        recoveries=state.recoveries if came_to_nothing else 0,
        calls=requested_calls(requests, asked),
        tool_calls=state.tool_calls + len(requests),
        usage=state.usage + usage if usage else state.usage,
        bill=state.bill.plus(event.cost_usd),
    )


def requested_calls(
    requests: tuple[CallRequest, ...], asked: tuple[ToolCallPart, ...]
) -> tuple[Call, ...]:
    """Return the calls that somebody's message asks for: those of its parts that are to be made."""
    if not requests:
        return ()
    written = {part.call_id: part.arguments for part in asked}
    calls: list[Call] = []
    for request in requests:
        call_id, arguments = request.call_id, request.arguments
        if arguments is None:
            arguments = written.get(call_id) or {}
        calls.append(Call(call_id, request.tool, arguments, request.facts))
    return tuple(calls)


def call_refused(state: RunState, event: ToolCallRefused) -> RunState:
    """Return the state with a call that will not be made, known before or not."""
    call_id = event.call_id
    result = ToolResultPart(
        call_id=call_id,
        tool=event.tool,
        output=error_outputs(event.message),
        is_error=True,
    )
    if call_id not in [call.call_id for call in state.calls]:
        call = Call(call_id, event.tool, {}, _NEVER_MADE, result=result, refused=True)
        return _with_calls(state, (*state.calls, call))
    calls = [
        changed(call, result=result, refused=True) if call.call_id == call_id else call
        for call in state.calls
    ]
    return _with_calls(state, tuple(calls))


def call_started(state: RunState, event: ToolCallStarted) -> RunState:
    """Return the state with a call begun in `event.epoch`. Calls that may write leave files unrecorded."""
    call_id, epoch, unrecorded = event.call_id, event.epoch, state.unrecorded
    calls: list[Call] = []
    for call in state.calls:
        if call.call_id == call_id:
            calls.append(changed(call, epoch=epoch))
            unrecorded = unrecorded or call.facts.access == "write"
        else:
            calls.append(call)
    return changed(state, calls=tuple(calls), unrecorded=unrecorded)


def call_settled(state: RunState, call_id: str, output: ToolOutputs, *, is_error: bool) -> RunState:
    """Return the state with a call's outcome known."""
    calls = [
        changed(call, result=_result(call, output, is_error=is_error))
        if call.call_id == call_id
        else call
        for call in state.calls
    ]
    return _with_calls(state, tuple(calls))


def _result(call: Call, output: ToolOutputs, *, is_error: bool) -> ToolResultPart:
    return unchecked(
        ToolResultPart,
        kind="tool_result",
        call_id=call.call_id,
        tool=call.tool,
        output=(*output, *_edited_note(call)) if call.edited else output,
        is_error=is_error,
    )


def with_edited(calls: tuple[Call, ...], call_id: str, arguments: JsonObject) -> tuple[Call, ...]:
    """Return the calls with one of them as a person wants it."""
    edited = [
        changed(call, arguments=arguments, edited=arguments != call.arguments)
        if call.call_id == call_id
        else call
        for call in calls
    ]
    return tuple(edited)


def _edited_note(call: Call) -> ToolOutputs:
    """Tell whoever reads the result that it is not of the call that was asked for."""
    note = "A person changed the arguments of this call before approving it."
    return json_outputs({"note": note, "arguments": call.arguments})


def _with_calls(state: RunState, calls: tuple[Call, ...]) -> RunState:
    """Return the state with its calls as they stand now; the turn closes once each of them has a result."""
    outcome = state.outcome
    open_calls = [call for call in calls if call.result is None]
    # Where there are fewer than the answer asked for, the rest of them is still being refused.
    if outcome is None or open_calls or len(calls) < len(outcome.call_ids):
        return changed(state, calls=calls)
    results = _in_order(calls, outcome.call_ids)
    # Results belong behind their calls; where the conversation was replaced meanwhile they have no place.
    appended = (_answered(results),) if _last_asks_for(state, calls) else ()
    made = tuple([call.tool for call in calls if not call.refused])
    by_program = state.program is not None and state.program.mode == "calls"
    return changed(
        state,
        program=_resumed(state.program, results, made) if by_program else state.program,
        deeds=state.deeds
        if by_program
        else with_calls(state.deeds, state.turn, calls, state.bill.known_usd),
        messages=(*state.messages, *appended, *state.late),
        calls=(),
        late=(),
        children=(),
        refused_children=(),
        outcome=None
        if by_program
        else changed(outcome, tools=made, had_refusals=len(made) < len(calls)),
    )


def _answered(results: tuple[ToolResultPart, ...]) -> Message:
    return unchecked(Message, role="tool", parts=results, tags=(), expires=None)


def _resumed(
    program: ProgramState | None, results: tuple[ToolResultPart, ...], made: tuple[str, ...]
) -> ProgramState | None:
    """Return a program whose calls are settled: to be advanced, unless it ended the run by one of them."""
    if program is None:
        return None
    over = ENDING_TOOLS.intersection(made)
    return changed(program, mode="returned" if over else "ready", results=results)


def _in_order(calls: tuple[Call, ...], call_ids: tuple[str, ...]) -> tuple[ToolResultPart, ...]:
    """Return the results in the order of the answer's calls."""
    by_id = {call.call_id: call.result for call in calls}
    return tuple([result for call_id in call_ids if (result := by_id.get(call_id)) is not None])


def _last_asks_for(state: RunState, calls: tuple[Call, ...]) -> bool:
    """Return whether the conversation still ends with the answer that asked for these calls."""
    last = state.messages[-1] if state.messages else None
    own = {call.call_id for call in calls}
    return last is not None and own == {part.call_id for part in last.tool_calls}
