"""Events as rows that people read."""

from datetime import timedelta
from decimal import Decimal
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callboard.domain.actor import Actor
from callboard.domain.events.child_run import ChildRunEnded, ChildRunStarted, ChildRunSuspended
from callboard.domain.events.codec import Recorded
from callboard.domain.events.conversation import MessageAdded
from callboard.domain.events.files import FilesChanged
from callboard.domain.events.gate import ApprovalGiven, GateDecided, GateOpened
from callboard.domain.events.model_call import ModelCallCompleted, ModelCallStarted
from callboard.domain.events.program import ProgramStarted, ProgramYielded, SampleStarted
from callboard.domain.events.run import RunCompleted, RunResumed
from callboard.domain.events.tool_call import (
    CallRequest,
    ToolCallCompleted,
    ToolCallRefused,
    ToolCallStarted,
)
from callboard.domain.events.union import AnyEvent
from callboard.domain.events.workflow import CheckCompleted, CheckStarted, StepEnded, StepStarted
from callboard.domain.message import JsonObject, Message, TextPart, ToolCallPart
from callboard.domain.output import LastMessage
from callboard.domain.thread_mark import FACETS, FAILURES, ROW, TOOLS, mark_of
from callboard.domain.tool import ToolFacts, error_outputs, json_outputs
from callboard.domain.usage import Bill, Usage
from callboard.engine.thread.milestones import Payment, merged, milestones
from callboard.engine.thread.questions import Option, Question
from callboard.engine.thread.row import (
    Asked,
    Called,
    Cast,
    Changed,
    Checked,
    Ended,
    Folded,
    Helper,
    Note,
    Player,
    Problem,
    Said,
    Spent,
    StepBegan,
    StepOver,
)
from callboard.engine.thread.telling import Thread, rows_of
from tests.corpus.samples import ADA, EVENTS, NOON, RUN

FACTS = ToolFacts(access="read", retry_safety="pure")
CAST = Cast({RUN: Player("Mara")}, {"implement": "Implement it"}, Decimal(10))
SILENT = {ModelCallStarted, ProgramStarted, SampleStarted}
"""What is told by what comes of it."""
JOINING = {
    *("tool_call.interrupted", "child_run.suspended", "child_run.ended", "approval.given"),
    *("gate.decided", "gate.expired", "gate.withdrawn"),
}
"""What only completes a row that something else has begun."""


def recorded(event, seq=1, run_id=RUN):
    return Recorded(run_id, seq, NOON + timedelta(seconds=seq), event)


def told(*events, cast=CAST) -> Any:
    """Return the rows; a test says itself of which sort each is."""
    entries = [(seq, recorded(event, seq), True) for seq, event in enumerate(events, start=1)]
    return rows_of(cast, entries)


def shown(thread: Thread) -> Any:
    return thread.rows()


def bodies(*events, cast=CAST) -> Any:
    return [row.body for row in told(*events, cast=cast)]


def answer(*calls, text="", turn=1, tool="read_files"):
    parts = [
        ToolCallPart(call_id=one, tool=tool, arguments={"paths": [f"{one}.py"]}) for one in calls
    ]
    said = [TextPart(text=text)] if text else []
    return ModelCallCompleted(
        turn=turn,
        attempt=1,
        message=Message(role="assistant", parts=(*said, *parts)),
        finish="tool_calls" if calls else "stop",
        usage=None,
        cost_usd=None,
        requests=tuple(CallRequest(call_id=one, tool=tool, facts=FACTS) for one in calls),
    )


def begun(call_id, turn=1, tool="read_files", epoch=1):
    return ToolCallStarted(turn=turn, call_id=call_id, tool=tool, epoch=epoch)


def done(call_id, turn=1, tool="read_files", *, fails=False, value=None):
    output = error_outputs("no such file") if fails else json_outputs(value or {"ok": True})
    return ToolCallCompleted(
        turn=turn, call_id=call_id, tool=tool, output=output, is_error=fails, duration_ms=100
    )


def whole(call_id, turn=1, tool="read_files", **more):
    return [
        answer(call_id, turn=turn, tool=tool),
        begun(call_id, turn, tool),
        done(call_id, turn, tool, **more),
    ]


def test_every_kind_of_event_has_a_place():
    kinds = set(get_args(AnyEvent))
    assert kinds == {type(event) for event in EVENTS.values()}
    with_rows = {type(event) for event in EVENTS.values() if told(event)}
    joining = {type(event) for event in EVENTS.values() if event.type in JOINING}
    assert with_rows | SILENT | joining == kinds
    for event in EVENTS.values():
        begins_one = bool(mark_of(recorded(event)).facets & ROW)
        alone = event.type in ("check.completed", "tool_call.completed")  # its beginning is missing
        assert bool(told(event)) is begins_one or alone


def test_a_call_and_its_result_are_one_row_with_one_key():
    first = told(answer("c1", text="Looking."), begun("c1"))
    then = told(answer("c1", text="Looking."), begun("c1"), done("c1"))
    assert [type(row.body) for row in then] == [Said, Called]
    assert first[1].key == then[1].key
    assert first[1].body.state == "running"
    call = then[1].body
    assert (call.state, call.about, call.took_ms, call.result_seq) == ("done", "c1.py", 100, 3)
    assert then[1].touched == 3


def test_a_failing_call_says_why_and_is_found_among_failures():
    (row,) = told(*whole("c1", fails=True))
    assert (row.body.state, row.body.outcome) == ("failed", "no such file")
    assert row.facets & FAILURES
    assert row.facets & TOOLS


def test_a_refused_call_is_a_row_of_its_own():
    refused = ToolCallRefused(
        turn=1, call_id="c1", tool="read_files", reason="denied", message="Not there."
    )
    (body,) = bodies(answer("c1"), refused)
    assert (body.state, body.about, body.outcome) == ("refused", "c1.py", "Not there.")


def test_a_call_that_is_made_again_after_a_crash_stays_one_row():
    rows = told(answer("c1"), begun("c1"), RunResumed(epoch=2), begun("c1", epoch=2), done("c1"))
    calls = [row.body for row in rows if isinstance(row.body, Called)]
    assert len(calls) == 1
    assert calls[0].again
    assert any("took over" in row.body.text for row in rows if isinstance(row.body, Note))


def test_three_calls_of_a_tool_in_a_row_fold_and_two_do_not():
    two = [*whole("c1"), *whole("c2", 2)]
    assert [type(body) for body in bodies(*two)] == [Called, Called]
    (fold,) = bodies(*two, *whole("c3", 3))
    assert isinstance(fold, Folded)
    assert (len(fold.calls), fold.files, fold.took_ms) == (3, 3, 300)


def test_the_fold_has_the_key_of_its_first_call():
    three = [*whole("c1"), *whole("c2", 2), *whole("c3", 3)]
    (fold,) = told(*three)
    assert fold.key == told(*three[:3])[0].key
    assert fold.touched == 9


@pytest.mark.parametrize("how", ["commands", "failures", "something between"])
def test_some_calls_never_fold(how):
    events = []
    for turn in (1, 2, 3):
        tool = "run_terminal_command" if how == "commands" else "read_files"
        if how == "something between":
            events.append(answer(text="and then", turn=turn * 10))
        events += whole(f"c{turn}", turn, tool, fails=how == "failures")
    assert not any(isinstance(body, Folded) for body in bodies(*events))


def test_a_question_and_its_decision_are_one_row_with_who_when_and_why():
    opened = GateOpened(
        gate_id="g1",
        reason="approval_required",
        subject="c1",
        question="May I?",
        digest="d",
        tool="write_file",
        arguments={"path": "a.py"},
    )
    bob = Actor(kind="person", name="bob")
    given = ApprovalGiven(gate_id="g1", actor=ADA, note="fine")
    decided = GateDecided(gate_id="g1", verdict="approve", actor=bob, note="go on")
    (open_row,) = bodies(opened)
    assert (open_row.state, open_row.question) == ("open", "May I?")
    (body,) = bodies(opened, given, decided)
    assert isinstance(body, Asked)
    assert body.by is not None
    assert (body.state, body.by.actor, body.by.note) == ("approved", bob, "go on")
    assert body.by.at == recorded(decided, 3).at
    assert [one.actor for one in body.given] == [ADA]


def test_a_helper_is_one_row_and_its_own_rows_are_indented():
    started = ChildRunStarted(
        origin="c1",
        index=0,
        child_run_id="child",
        agent="x",
        agent_name="Helper",
        definition_digest="d",
    )
    waits = ChildRunSuspended(child_run_id="child", gate_id="g", question="May I?")
    over = ChildRunEnded(
        child_run_id="child",
        status="completed",
        output=LastMessage(value="x", text="x"),
        bill=Bill(known_usd=Decimal("0.5")),
        usage=Usage(),
    )
    cast = Cast({RUN: Player("Mara"), "child": Player("Helper", 1)}, {}, None)
    thread = Thread(cast)
    thread.hear(1, recorded(started))
    thread.hear(2, recorded(waits, 2))
    assert shown(thread)[0].body.state == "waiting"
    thread.hear(3, recorded(answer(text="I look."), 1, "child"))
    thread.hear(4, recorded(over, 3))
    helper, said = shown(thread)
    assert isinstance(helper.body, Helper)
    assert helper.body.bill is not None
    assert (helper.body.state, helper.body.bill.known_usd) == ("completed", Decimal("0.5"))
    assert (said.who.depth, said.body.name) == (1, "Helper")


def test_steps_and_checks_tell_what_they_came_to():
    rows = bodies(
        StepStarted(step="implement", attempt=2),
        CheckStarted(step="implement", attempt=2, index=0, command="pytest"),
        CheckCompleted(
            step="implement", attempt=2, index=0, passed=False, exit_code=1, output="1 failed"
        ),
        StepEnded(step="implement", attempt=2, outcome="rejected", reason="tests fail"),
    )
    assert rows[0] == StepBegan("implement", "Implement it", 2)
    assert isinstance(rows[1], Checked)
    assert (rows[1].command, rows[1].passed, rows[1].exit_code) == ("pytest", False, 1)
    assert rows[2] == StepOver("Implement it", "rejected", "tests fail")


def test_what_people_say_to_a_run_is_said_by_a_person():
    message = Message(
        role="user",
        parts=(TextPart(text="<user_message>Stop it</user_message>"),),
        tags=("USER_PROMPT",),
    )
    assert bodies(MessageAdded(message=message)) == [Said("person", "", "Stop it")]


def test_rows_that_only_complete_others_are_not_shown():
    events = [answer("c1"), begun("c1"), done("c1"), answer(text="Done.", turn=2)]
    entries = [(seq, recorded(e, seq), seq == 4) for seq, e in enumerate(events, start=1)]
    assert [type(row.body) for row in rows_of(CAST, entries)] == [Said]
    failing = [(seq, recorded(e, seq), seq == 3) for seq, e in enumerate(events, start=1)]
    (row,) = rows_of(CAST, failing)
    assert isinstance(row.body, Called)
    assert row.body.about == "c1.py"


def test_milestones_are_said_once_where_they_are_reached():
    payments = [Payment(at, NOON, 1_300_000_000) for at in range(1, 10)]
    rows: Any = milestones(RUN, payments, Decimal(10))
    assert [(row.position, row.body.percent) for row in rows] == [
        (2, 25),
        (4, 50),
        (6, 75),
        (7, 90),
        (8, 100),
    ]
    assert isinstance(rows[0].body, Spent)
    assert rows[0].body.spent_usd == Decimal("2.6")
    assert milestones(RUN, payments, None) == []


@given(st.lists(st.integers(0, 3_000_000_000), max_size=30), st.integers(1, 20))
def test_each_milestone_is_reached_once_and_in_order(costs, limit):
    payments = [Payment(at, NOON, cost) for at, cost in enumerate(costs)]
    rows: Any = milestones(RUN, payments, Decimal(limit))
    percents = [row.body.percent for row in rows]
    assert percents == sorted(set(percents))
    spent = sum(costs)
    reached = [p for p in (25, 50, 75, 90, 100) if spent * 100 >= limit * 10**9 * p]
    assert percents[-1:] == reached[-1:]
    assert set(percents) <= set(reached)


def test_milestones_stand_behind_the_event_that_reached_them():
    rows = told(answer(text="One"), answer(text="Two", turn=2))
    mark = milestones(RUN, [Payment(1, NOON, 5 * 10**9)], Decimal(10))
    assert [row.key for row in merged(rows, mark)] == ["e1", "c50", "e2"]


@given(st.lists(st.sampled_from(sorted(EVENTS)), max_size=60), st.integers(1, 7))
def test_told_piece_by_piece_it_is_the_same_thread(names, size):
    events = [EVENTS[name] for name in names]
    at_once = told(*events)
    thread = Thread(CAST)
    for start in range(0, len(events), size):
        for seq, event in enumerate(events[start : start + size], start=start + 1):
            thread.hear(seq, recorded(event, seq))
        shown(thread)
    assert shown(thread) == at_once
    assert len({row.key for row in at_once}) == len(at_once)
    assert [row.position for row in at_once] == sorted(row.position for row in at_once)


@given(st.lists(st.sampled_from(sorted(EVENTS)), max_size=40))
def test_a_row_is_found_under_what_its_events_are_marked_with(names):
    events = [EVENTS[name] for name in names]
    marked = 0
    for seq, event in enumerate(events, start=1):
        marked |= mark_of(recorded(event, seq)).facets
    for row in told(*events):
        assert row.facets & ~marked == 0
        assert row.facets & ~sum(FACETS) == 0


def test_what_cannot_be_read_is_said():
    thread = Thread(CAST)
    thread.misses(7, RUN, 3, NOON)
    (row,) = shown(thread)
    assert isinstance(row.body, Problem)
    assert "cannot be read" in row.body.sentence


def test_old_rows_are_let_go_of_and_open_ones_kept():
    thread = Thread(CAST)
    for seq, event in enumerate([answer("c1"), begun("c1"), answer(text="x")], start=1):
        thread.hear(seq, recorded(event, seq))
    thread.forget(100)
    thread.hear(200, recorded(done("c1"), 4))
    (row,) = shown(thread)
    assert (row.position, row.body.state) == (2, "done")


def test_the_end_of_a_run_says_what_it_returned():
    over = RunCompleted(
        output=LastMessage(value="All good.", text="All good."), cost_usd=None, usage=Usage()
    )
    (body,) = bodies(over)
    assert isinstance(body, Ended)
    assert (body.status, body.text, body.cost_usd) == ("completed", "All good.", None)


def test_a_program_that_says_nothing_is_no_row():
    quiet = ProgramYielded(index=1, kind="step", digest="d", clock=NOON)
    assert bodies(quiet) == []
    changed = [event for event in EVENTS.values() if isinstance(event, FilesChanged)]
    assert any(isinstance(body, Changed) for event in changed for body in bodies(event))


def test_what_an_agent_asks_is_told_with_its_options_and_the_answer():
    asked: JsonObject = {
        "questions": [
            {
                "question": "Which one?",
                "options": [{"label": "A", "description": "the first"}, "?"],
            },
            "nonsense",
        ]
    }
    opened = GateOpened(
        gate_id="g",
        reason="input_required",
        subject="c",
        question="Mara asks:",
        digest="d",
        tool="ask_user",
        arguments=asked,
    )
    answers: JsonObject = {
        "answers": [{"questionIndex": 0, "selectedOption": "A"}, {"selectedOptions": ["B", "C"]}]
    }
    decided = GateDecided(gate_id="g", verdict="answer", actor=ADA, answer=answers)
    (body,) = bodies(opened, decided)
    assert body.questions == (Question("Which one?", (Option("A", "the first"),)),)
    assert (body.state, body.answer) == ("answered", "A\nB, C")


def test_the_end_of_a_run_below_is_told_where_it_was_begun():
    over = RunCompleted(output=LastMessage(value="x", text="x"), cost_usd=None, usage=Usage())
    cast = Cast({RUN: Player("Mara", step="implement")}, {}, None, "task")
    assert bodies(over, cast=cast) == []
    assert bodies(over, cast=Cast(cast.players, {}, None, RUN)) != []
