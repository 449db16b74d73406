"""What happens next in an agent's run, case by case."""

import pytest

from callboard.domain.events.codec import Recorded
from callboard.domain.events.conversation import MessageAdded, OutputSet
from callboard.domain.events.files import FilesChanged
from callboard.domain.events.gate import GateDecided, GateOpened
from callboard.domain.events.model_call import ModelCallFailed, ModelCallStarted, ModelFailure
from callboard.domain.events.run import CancellationRequested, RunFailed, RunResumed
from callboard.domain.events.tool_call import ToolCallInterrupted, ToolCallRefused
from callboard.domain.events.union import AnyEvent
from callboard.domain.message import user_message
from callboard.domain.output import ErrorOutput
from callboard.domain.run.state import RunState
from callboard.domain.run.tags import OUTPUT_REMINDER, RECOVERY
from callboard.engine.commands import Append, CallModel, RecordFiles, Rest, RunTools, Wait
from callboard.engine.decide import MAX_RECOVERIES, decide

from .logs import (
    ANN,
    agent,
    answered,
    begun,
    created,
    done,
    recorded,
    refused,
    state_after,
    turn_of,
)


def appended(state: RunState):
    command = decide(state)
    assert isinstance(command, Append), command
    return command.events


def ends(state: RunState) -> str:
    (event,) = appended(state)
    return event.type


def failure_code(state: RunState) -> str:
    (event,) = appended(state)
    assert isinstance(event, RunFailed)
    return event.output.code


def called(state: RunState) -> list[str]:
    command = decide(state)
    assert isinstance(command, RunTools), command
    return [call.call_id for call in command.calls]


def test_a_new_run_asks_the_model():
    assert decide(state_after()) == CallModel(turn=1, attempt=1)


@pytest.mark.parametrize(
    ("tools", "goes_on"),
    [
        ((), False),
        (("end_turn",), False),
        (("look",), True),
        (("put",), True),
        (("look", "end_turn"), False),
        (("end_turn", "look"), False),
        (("think_deeply",), False),
        (("set_output",), False),
        (("add_message", "think_deeply"), False),
        (("set_output", "look"), True),
        (("think_deeply", "set_output", "end_turn"), False),
    ],
)
def test_a_turn_is_followed_by_another_if_it_left_the_model_something_to_react_to(tools, goes_on):
    events = [*turn_of("words", *tools)]
    if "put" in tools:
        events += [FilesChanged(turn=1, base_tree="a", tree="a", changes=())]
    state = state_after(*events)
    if goes_on:
        assert decide(state) == CallModel(turn=2, attempt=1)
    else:
        assert ends(state) == "run.completed"


@pytest.mark.parametrize("tool", ["end_turn", "think_deeply"])
def test_a_refused_call_is_always_shown_to_the_model_before_the_run_may_end(tool):
    events = [*answered("t", tool, "nonsense"), done(1, tool), refused(2)]
    assert decide(state_after(*events)) == CallModel(turn=2, attempt=1)


@pytest.mark.parametrize(
    ("text", "finish", "tag"),
    [("", "stop", RECOVERY), ("  \n", "stop", RECOVERY), ("half a sen", "length", RECOVERY)],
)
def test_an_answer_that_came_to_nothing_is_followed_by_a_note(text, finish, tag):
    (event,) = appended(state_after(*answered(text, finish=finish)))
    assert isinstance(event, MessageAdded)
    assert event.message.tags == (tag,)


@pytest.mark.parametrize(("text", "finish"), [("", "stop"), ("half", "length")])
def test_a_model_that_keeps_saying_nothing_is_given_up(text, finish):
    events = []
    for turn in range(1, MAX_RECOVERIES + 1):
        events += [*answered(text, turn=turn, finish=finish)]
        events += [MessageAdded(message=user_message("again", RECOVERY))]
    assert decide(state_after(*events)) == CallModel(turn=MAX_RECOVERIES + 1, attempt=1)
    last = answered(text, turn=MAX_RECOVERIES + 1, finish=finish)
    assert failure_code(state_after(*events, *last)) == "no_answer"


def test_an_answer_with_something_in_it_forgives_the_empty_ones_before():
    events = [*answered(""), MessageAdded(message=user_message("again", RECOVERY))]
    events += turn_of("words", "look", turn=2)
    assert state_after(*events).recoveries == 0


def test_a_cut_answer_with_complete_calls_goes_on_with_their_results():
    state = state_after(*turn_of("t", "look", finish="length"))
    assert decide(state) == CallModel(turn=2, attempt=1)


@pytest.mark.parametrize("tools", [(), ("end_turn",)])
def test_who_owes_an_output_is_reminded_once(tools):
    owing = agent(output_mode="structured_output", output_schema={"type": "object"})
    first = created(owing)
    (reminder,) = appended(state_after(*turn_of("t", *tools), first=first))
    assert isinstance(reminder, MessageAdded)
    assert reminder.message.tags == (OUTPUT_REMINDER,)
    again = [*turn_of("t", *tools), reminder]
    assert decide(state_after(*again, first=first)) == CallModel(turn=2, attempt=1)
    again += turn_of("no", *tools, turn=2)
    assert ends(state_after(*again, first=first)) == "run.completed"


def test_who_has_given_an_output_is_not_reminded():
    owing = agent(output_mode="structured_output", output_schema={"type": "object"})
    events = [*answered("t", "set_output")]
    events += [OutputSet(value={}), done(1, "set_output")]
    assert ends(state_after(*events, first=created(owing))) == "run.completed"


def test_calls_that_read_are_made_together_and_calls_that_write_alone():
    head = answered("t", "look", "look", "put", "look")
    assert called(state_after(*head)) == ["c1", "c2"]
    head += [begun(1), begun(2), done(2), done(1)]
    assert decide(state_after(*head)) == RecordFiles(turn=1, base_tree=None)
    head += [FilesChanged(turn=1, base_tree="a", tree="a", changes=())]
    assert called(state_after(*head)) == ["c3"]
    head += [begun(3), done(3, "put")]
    assert called(state_after(*head)) == ["c4"]


def test_files_are_recorded_after_a_turn_that_may_have_changed_them():
    events = [*answered("t", "put")]
    events += [FilesChanged(turn=1, base_tree="a", tree="a", changes=()), begun(), done(1, "put")]
    assert decide(state_after(*events)) == RecordFiles(turn=1, base_tree="a")
    events += [FilesChanged(turn=1, base_tree="a", tree="b", changes=())]
    assert decide(state_after(*events)) == CallModel(turn=2, attempt=1)


def test_results_follow_their_calls_in_the_order_of_the_calls():
    events = [*answered("t", "look", "look")]
    state = state_after(*events, done(2), done(1))
    assert [part.call_id for part in state.messages[-1].parts if part.kind == "tool_result"] == [
        "c1",
        "c2",
    ]


@pytest.mark.parametrize(
    ("tool", "policy", "outcome"),
    [
        ("look", "tell_model", "again"),
        ("put", "tell_model", "again"),
        ("pay", "tell_model", "interrupted"),
        ("pay", "ask", "asked"),
    ],
)
def test_a_call_lost_in_a_crash_is_repeated_only_if_that_is_safe(tool, policy, outcome):
    events = [*answered("t", tool)]
    events += [FilesChanged(turn=1, base_tree="a", tree="a", changes=()), begun()]
    events += [RunResumed(epoch=2)]
    state = state_after(*events, first=created(agent(on_unknown_outcome=policy)))
    if outcome == "again":
        assert called(state) == ["c1"]
    else:
        (event,) = appended(state)
        wanted = ToolCallInterrupted if outcome == "interrupted" else GateOpened
        assert isinstance(event, wanted)


def test_a_consent_to_repeat_counts_once():
    """Lost again in a later crash, the call is asked about again: one consent, one repetition."""
    first = created(agent(on_unknown_outcome="ask"))
    events = [*answered("t", "pay")]
    events += [FilesChanged(turn=1, base_tree="a", tree="a", changes=()), begun()]
    events += [RunResumed(epoch=2)]
    (gate,) = appended(state_after(*events, first=first))
    assert isinstance(gate, GateOpened)
    events += [gate]
    assert decide(state_after(*events, first=first)) == Wait(gate.gate_id)
    events += [GateDecided(gate_id=gate.gate_id, verdict="approve", actor=ANN)]
    assert called(state_after(*events, first=first)) == ["c1"]
    events += [begun(epoch=2), RunResumed(epoch=3)]
    (again,) = appended(state_after(*events, first=first))
    assert isinstance(again, GateOpened)
    assert (again.gate_id, again.digest != gate.digest) == ("g2", True)


def test_a_call_that_was_never_begun_is_not_lost():
    events = [*answered("t", "pay"), RunResumed(epoch=2)]
    events += [FilesChanged(turn=1, base_tree="a", tree="a", changes=())]
    assert called(state_after(*events)) == ["c1"]


def test_a_call_that_needs_approval_waits_for_a_person():
    first = created(agent(permissions=({"effect": "ask", "tool": "pay"},)))
    events = [*answered("t", "pay", arguments={"path": "bill"})]
    (gate,) = appended(state_after(*events, first=first))
    assert isinstance(gate, GateOpened)
    assert gate.reason == "approval_required"
    assert '"path": "bill"' in gate.question
    events += [gate]
    assert state_after(*events, first=first).status == "waiting"
    rejected = GateDecided(gate_id="g1", verdict="reject", actor=ANN, note="not today")
    (refusal,) = appended(state_after(*events, rejected, first=first))
    assert isinstance(refusal, ToolCallRefused)
    assert (refusal.reason, "not today" in refusal.message) == ("rejected", True)


def test_an_approval_of_one_call_is_none_of_the_same_call_in_a_later_turn():
    first = created(agent(permissions=({"effect": "ask", "tool": "pay"},)))
    events = [*answered("t", "pay")]
    (gate,) = appended(state_after(*events, first=first))
    assert isinstance(gate, GateOpened)
    events += [gate, GateDecided(gate_id="g1", verdict="approve", actor=ANN)]
    events += [begun(), done(1, "pay"), FilesChanged(turn=1, base_tree="a", tree="b", changes=())]
    events += [*answered("t", "pay", turn=2)]
    (again,) = appended(state_after(*events, first=first))
    assert isinstance(again, GateOpened)
    assert again.digest != gate.digest


def test_a_decision_on_another_gate_changes_nothing():
    first = created(agent(permissions=({"effect": "ask", "tool": "pay"},)))
    events = [*answered("t", "pay")]
    (gate,) = appended(state_after(*events, first=first))
    stray = GateDecided(gate_id="g7", verdict="approve", actor=ANN)
    assert decide(state_after(*events, gate, stray, first=first)) == Wait("g1")


def test_a_denied_call_is_refused_and_a_call_beside_it_is_made():
    first = created(agent(permissions=({"effect": "deny", "tool": "look"},)))
    events = [*answered("t", "look", "put")]
    (refusal,) = appended(state_after(*events, first=first))
    assert isinstance(refusal, ToolCallRefused)
    assert (refusal.call_id, refusal.reason) == ("c1", "denied")
    state = state_after(*events, refusal, first=first)
    assert decide(state) == RecordFiles(turn=1, base_tree=None)


def test_a_deny_rule_holds_for_the_absolute_spelling_of_a_path():
    rules = ({"effect": "deny", "tool": "look", "arguments": {"path": "secrets/**"}},)
    first = created(agent(permissions=rules))
    path = f"{first.workspace}/secrets/key"
    events = [*answered("t", "look", arguments={"path": path})]
    (refusal,) = appended(state_after(*events, first=first))
    assert isinstance(refusal, ToolCallRefused)


def failed(attempt: int, *, retryable: bool = True) -> list[AnyEvent]:
    failure = ModelFailure(reason="overloaded", message="busy", retryable=retryable)
    return [
        ModelCallStarted(turn=1, attempt=attempt, model="m"),
        ModelCallFailed(turn=1, attempt=attempt, failure=failure),
    ]


def test_a_failed_call_is_made_again_after_a_while_and_given_up_in_the_end():
    for attempts in range(1, 5):
        events = [event for attempt in range(1, attempts + 1) for event in failed(attempt)]
        command = decide(state_after(*events))
        assert isinstance(command, CallModel)
        assert (command.attempt, command.delay_s > 0) == (attempts + 1, True)
    events = [event for attempt in range(1, 6) for event in failed(attempt)]
    assert failure_code(state_after(*events)) == "model_overloaded"


def test_a_failure_that_will_not_go_away_ends_the_run_at_once():
    assert failure_code(state_after(*failed(1, retryable=False))) == "model_overloaded"


def test_a_wish_to_cancel_ends_the_run_whatever_is_open():
    request = CancellationRequested(actor=ANN, reason="enough")
    for events in ([], [*answered("t", "look"), begun()], answered("t")):
        state = state_after(*events, request)
        (event,) = appended(state)
        assert event.type == "run.cancelled"
        assert event.output.message == "Run cancelled by ann: enough"


def test_nothing_follows_the_end():
    output = ErrorOutput(message="m")
    end = RunFailed(output=output, cost_usd=None, usage=state_after().usage)
    request = CancellationRequested(actor=ANN)
    for events in ([end], [end, request], [end, RunResumed(epoch=2)]):
        assert decide(state_after(*events)) == Rest()


def test_a_state_is_the_same_whether_folded_at_once_or_step_by_step():
    events = [created(), *turn_of("one", "look", "look"), *answered("two", turn=2)]
    whole = recorded(events)
    assert state_after(*events[1:]) == state_after(*[entry.event for entry in whole[1:]])
    assert all(isinstance(entry, Recorded) for entry in whole)


@pytest.mark.parametrize("kept", [0, 1])
def test_a_prefix_that_ends_before_all_refusals_are_there_does_not_lose_the_rest(kept):
    """Two calls, of which 0 or 1 are to be made: a fork may cut off the refusals of the others."""
    events = answered("Looking.", "look", "look", asked=kept)
    events += [RunResumed(epoch=2)]
    if kept:
        events += [begun(epoch=2), done()]
    refusals = appended(state_after(*events))
    assert [event.type for event in refusals] == ["tool_call.refused"] * (2 - kept)
    assert isinstance(decide(state_after(*events, *refusals)), CallModel)
