"""The order of steps, their conditions, their evidence, and who does them."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from callboard.domain.actor import Actor
from callboard.domain.events.files import FileChange, FilesChanged
from callboard.domain.events.gate import GateDecided, GateExpired, GateOpened
from callboard.domain.events.run import RunResumed, WorkflowSubject
from callboard.domain.events.workflow import (
    ChangeCommitted,
    ChangeLanded,
    CommentAdded,
    StepAssigned,
    StepEnded,
    StepPostponed,
    StepSkipped,
    StepStarted,
)
from callboard.domain.evidence import Check, DiffCheck, NumberCheck, OutputCheck
from callboard.domain.output import LastMessage, StructuredOutput
from callboard.domain.task_run.fold import fold_task
from callboard.domain.workflow import (
    AgentStep,
    Condition,
    ContextItem,
    PeopleStep,
    SignOff,
    Task,
    VerdictRule,
    WorkflowDefinition,
)
from callboard.engine.approvals import objection
from callboard.engine.commands import Append, Wait
from callboard.engine.tasks.commands import AssignStep, CommitChange, LandChange, StartStepRun
from callboard.engine.tasks.conditions import unmet
from callboard.engine.tasks.decide import decide_task
from callboard.engine.tasks.evidence import judge_diff, judge_output, number_in
from callboard.engine.tasks.order import circle, dependents, next_step, precedents, settled
from callboard.engine.tasks.routing import Candidate, cast_step, model_family

from .logs import ANN, agent
from .test_task import DONE, FILES, child, created, ended, log_of

BOB = Actor(kind="person", name="bob")


def flow(*steps):
    return WorkflowDefinition(id="w", title="W", steps=steps)


def by(step_id, **fields):
    return AgentStep.model_validate({"id": step_id, "title": step_id, "agent": "maker", **fields})


def people(step_id, **fields):
    return PeopleStep.model_validate({"id": step_id, "title": step_id, **fields})


def passed(step, attempt=1):
    return StepEnded(step=step, attempt=attempt, outcome="passed")


def rejected(step, attempt=1):
    return StepEnded(step=step, attempt=attempt, outcome="rejected", reason="no")


DIAMOND = flow(
    by("plan"),
    by("code", needs=("plan",)),
    by("docs", needs=("plan",)),
    by("review", needs=("code", "docs"), on_reject="code"),
    people("sign", on_reject="plan"),
)


def ids_begun(workflow, history):
    step = next_step(workflow, history)
    return step.id if step is not None else None


def test_without_needs_a_step_follows_the_one_before_it():
    line = flow(by("a"), by("b"), by("c"))
    history = []
    for expected in ("a", "b", "c"):
        assert ids_begun(line, history) == expected
        history.append(passed(expected))
    assert ids_begun(line, history) is None


def test_a_step_begins_when_everything_it_needs_is_passed():
    history = [passed("plan"), passed("code")]
    assert ids_begun(DIAMOND, history) == "docs"
    assert ids_begun(DIAMOND, [*history, passed("docs")]) == "review"


def test_a_rejection_undoes_its_target_and_what_needs_that_and_nothing_else():
    history = [passed("plan"), passed("code"), passed("docs"), rejected("review")]
    assert set(settled(DIAMOND, history)) == {"plan", "docs"}
    assert ids_begun(DIAMOND, history) == "code"
    again = [*history, passed("code", 2)]
    assert ids_begun(DIAMOND, again) == "review"


def test_people_are_asked_only_when_no_agent_can_do_anything():
    workflow = flow(people("look", needs=()), by("code", needs=()))
    assert ids_begun(workflow, []) == "code"
    assert ids_begun(workflow, [passed("code")]) == "look"


def test_steps_in_a_circle_are_named():
    workflow = flow(by("a", needs=("c",)), by("b", needs=("a",)), by("c", needs=("b",)))
    assert circle(workflow) == ("a", "c", "b", "a")
    assert circle(DIAMOND) == ()


@st.composite
def graphs(draw):
    count = draw(st.integers(1, 7))
    steps = []
    for n in range(count):
        before = [f"s{m}" for m in range(n)]
        needs = draw(st.lists(st.sampled_from(before), unique=True)) if before else []
        target = draw(st.sampled_from([None, *needs]))
        maker = draw(st.sampled_from([by, people]))
        steps.append(maker(f"s{n}", needs=tuple(needs), on_reject=target))
    return flow(*steps)


@given(graphs(), st.data())
def test_whatever_is_rejected_no_step_begins_before_its_needs_and_all_end_passed(workflow, data):
    history = []
    for turn in range(200):
        step = next_step(workflow, history)
        if step is None:
            break
        done = settled(workflow, history)
        assert step.id not in done
        assert set(step.needs or ()) <= set(done)
        verdict = data.draw(st.booleans()) if turn < 20 else True
        history.append(passed(step.id) if verdict else rejected(step.id))
    assert set(settled(workflow, history)) == {step.id for step in workflow.steps}


@given(graphs())
def test_what_needs_a_step_needs_all_that_needs_it(workflow):
    for step in workflow.steps:
        below = dependents(workflow, step.id)
        assert step.id in below
        assert all(dependents(workflow, other) <= below for other in below)


TASK = Task(title="T", labels=("security",), priority="high")


@pytest.mark.parametrize(
    ("condition", "why"),
    [
        ({"paths": ["src/auth/**"]}, ""),
        ({"paths": ["docs/**", "*.md"]}, "no changed file matches docs/** or *.md"),
        ({"labels": ["security", "auth"]}, ""),
        ({"labels": ["ui"]}, "the task is not labelled ui"),
        ({"priority": ["urgent"]}, "the task's priority is high, not urgent"),
        ({"paths": ["src/auth/**"], "labels": ["ui"]}, "the task is not labelled ui"),
        ({"any": [{"labels": ["ui"]}, {"paths": ["src/**"]}]}, ""),
        (
            {"any": [{"labels": ["ui"]}, {"priority": ["low"]}]},
            "the task is not labelled ui; the task's priority is high, not low",
        ),
        ({"none": [{"labels": ["ui"]}]}, ""),
        ({"none": [{"labels": ["security"]}]}, "the task is labelled security"),
    ],
)
def test_a_condition_holds_or_says_why_not(condition, why):
    assert unmet(Condition.model_validate(condition), TASK, ["src/auth/token.py"]) == why


def test_a_condition_that_says_nothing_is_refused():
    with pytest.raises(ValidationError, match="holds no condition"):
        Condition.model_validate({})


def subject_with(*steps, **fields):
    return WorkflowSubject(
        workflow=flow(*steps),
        task=fields.pop("task", Task(title="Do it")),
        repository="/repository",
        base_commit="0" * 40,
        base_tree="base",
        branch="b",
        **fields,
    )


def state_of(subject, *events, budget=None):
    first, *rest = log_of(*events)
    begun = created().model_copy(update={"subject": subject})
    if budget is not None:
        begun = begun.model_copy(
            update={"limits": begun.limits.model_copy(update={"cost_usd": Decimal(budget)})}
        )
    return fold_task([type(first)(first.run_id, 1, first.at, begun), *rest])


def appended(state) -> Any:
    command = decide_task(state)
    assert isinstance(command, Append), command
    return command.events


def test_a_step_whose_condition_does_not_hold_is_skipped_with_the_reason():
    subject = subject_with(by("code", checks=()), by("guard", when={"paths": ["src/auth/**"]}))
    state = state_of(subject, FILES, StepStarted(step="code", attempt=1), passed("code"))
    (event,) = appended(state)
    assert event == StepSkipped(step="guard", reason="no changed file matches src/auth/**")
    assert isinstance(decide_task(state_of(subject, FILES, passed("code"), event)), CommitChange)


def test_a_skipped_step_is_judged_anew_after_the_work_was_changed():
    subject = subject_with(
        by("code"), by("guard", when={"paths": ["src/auth/**"]}), people("sign", on_reject="code")
    )
    skipped = StepSkipped(step="guard", reason="no changed file matches src/auth/**")
    touched = FILES.model_copy(
        update={"changes": (FileChange(path="src/auth/a.py", status="added", added=1, removed=0),)}
    )
    state = state_of(
        subject, FILES, passed("code"), skipped, rejected("sign"), touched, passed("code", 2)
    )
    assert appended(state) == (StepStarted(step="guard", attempt=1),)


def candidate(name, model="anthropic/x", version="1", **fields):
    return Candidate(agent(id=name, model=model, skills=("review",)), version, **fields)


SKILLED = by("review", agent=None, skills=("review",))


def cast(step, *candidates, history=()) -> Any:
    state = state_of(subject_with(by("code"), step), *history)
    return cast_step(state, step, 1, candidates)


def test_a_step_with_skills_asks_for_an_agent_and_starts_the_one_that_is_assigned():
    subject = subject_with(SKILLED)
    begun = StepStarted(step="review", attempt=1)
    command = decide_task(state_of(subject, begun))
    assert isinstance(command, AssignStep)
    chosen = cast(SKILLED, candidate("critic", version="7"))
    assert isinstance(chosen, StepAssigned)
    start = decide_task(state_of(subject, begun, chosen))
    assert isinstance(start, StartStepRun)
    assert start.definition.id == "critic"
    assert (chosen.agent, chosen.agent_version) == ("critic", "7")
    assert chosen.reason == "has review; the only one"


def test_who_was_accepted_more_often_then_costs_less_then_has_less_to_do_comes_first():
    good = candidate("good", accepted=9, finished=10, cost_usd=Decimal(5), load=5)
    cheap = candidate("cheap", accepted=5, finished=10, cost_usd=Decimal(1), load=5)
    idle = candidate("idle", accepted=5, finished=10, cost_usd=Decimal(1))
    order = []
    left = [cheap, idle, good]
    while left:
        found = cast(SKILLED, *left)
        order.append(found.agent)
        left = [one for one in left if one.definition.id != found.agent]
    assert order == ["good", "idle", "cheap"]


def test_an_agent_that_the_workflow_prefers_comes_before_better_ones():
    step = by("review", agent=None, skills=("review",), prefer=("mine",))
    found = cast(step, candidate("best", accepted=10, finished=10), candidate("mine"))
    assert (found.agent, found.reason) == ("mine", "has review; preferred by the workflow")


def test_the_next_candidate_is_taken_where_the_first_cannot_work():
    found = cast(
        SKILLED, candidate("a", accepted=9, finished=9, hindrance="paused"), candidate("b")
    )
    assert found.agent == "b"
    assert [(one.agent, one.finding) for one in found.considered] == [
        ("a", "paused"),
        ("b", "chosen"),
    ]


def test_work_that_was_sent_back_goes_to_whoever_did_it():
    step = by("code", agent=None, skills=("review",))
    state = state_of(subject_with(step), *worked_by("second", "m/x")[:-1], rejected("code"))
    better = candidate("best", accepted=10, finished=10)
    again = cast_step(state, step, 2, [better, candidate("second")])
    assert isinstance(again, StepAssigned)
    assert (again.agent, again.reason) == ("second", "did it before")
    paused = cast_step(state, step, 2, [better, candidate("second", hindrance="paused")])
    assert isinstance(paused, StepAssigned)
    assert paused.agent == "best"


def test_where_nobody_can_the_step_waits_and_says_whom_it_needs():
    found = cast(SKILLED, candidate("a", hindrance="paused"))
    assert isinstance(found, StepPostponed)
    assert found.reason == "review needs an agent with review: a: paused"
    nobody = cast(SKILLED)
    assert nobody.reason == "review needs an agent with review, and there is none here"
    begun = StepStarted(step="review", attempt=1)
    waiting = state_of(subject_with(SKILLED), begun, nobody)
    assert (decide_task(waiting), waiting.status) == (Wait("review"), "waiting")
    again = state_of(subject_with(SKILLED), begun, nobody, RunResumed(epoch=2))
    assert isinstance(decide_task(again), AssignStep)


@given(st.permutations([candidate(name, load=n % 2) for n, name in enumerate("abcde")]))
def test_the_same_candidates_give_the_same_choice_in_whatever_order_they_come(candidates):
    assert cast(SKILLED, *candidates) == cast(
        SKILLED, *sorted(candidates, key=lambda c: c.definition.id)
    )


def worked_by(name, model):
    chosen = StepAssigned(
        step="code",
        attempt=1,
        agent=name,
        agent_version="1",
        definition=agent(id=name, model=model),
        reason="",
    )
    return [StepStarted(step="code", attempt=1), chosen, child("code"), passed("code")]


def test_the_author_does_not_review_where_duties_are_separate():
    step = by("review", agent=None, skills=("review",), separate=("agent", "model_family"))
    history = worked_by("maker", "anthropic/a")
    found = cast(
        step,
        candidate("maker", "openai/a"),
        candidate("sister", "anthropic/b"),
        candidate("other", "openai/b"),
        history=history,
    )
    assert found.agent == "other"
    findings = {one.agent: one.finding for one in found.considered}
    assert findings["maker"] == "wrote what is to be judged here"
    assert findings["sister"] == "has a model of the author's family (anthropic)"


def test_a_models_family_is_its_vendor():
    assert model_family("anthropic/claude-opus-4.6") == "anthropic"
    assert model_family("claude-opus-4-6") == "claude"


def test_one_attempt_spends_no_more_than_its_share_and_takes_no_longer_than_its_time():
    step = by("code", budget_share=0.25, timeout_s=60)
    subject = subject_with(step, agents={"maker": agent()})
    start = decide_task(state_of(subject, StepStarted(step="code", attempt=1), budget="8"))
    assert isinstance(start, StartStepRun)
    assert (start.limits.cost_usd, start.limits.wall_time_s) == (Decimal(2), 60)


def test_a_prompt_tells_criteria_context_comments_and_every_earlier_rejection():
    task = Task(
        title="Do it",
        criteria=("all tests pass",),
        context=(
            ContextItem(kind="file", value="docs/spec.md", title="the spec"),
            ContextItem(kind="text", value="Mind the gap.", title="Note"),
        ),
    )
    subject = subject_with(
        by("code", instructions="Be brief.", max_attempts=5), task=task, agents={"maker": agent()}
    )
    first = StepEnded(step="code", attempt=1, outcome="rejected", reason="too long\nreally")
    state = state_of(
        subject,
        CommentAdded(actor=ANN, text="Use the new API."),
        first,
        StepEnded(step="code", attempt=2, outcome="rejected", reason="wrong API"),
        StepStarted(step="code", attempt=3),
    )
    start = decide_task(state)
    assert isinstance(start, StartStepRun)
    for said in (
        "It is done when:\n- all tests pass",
        "- file docs/spec.md (the spec)",
        "Note:\nMind the gap.",
        "Be brief.",
        "- ann: Use the new API.",
        "wrong API",
        "It was sent back before:\n- too long",
    ):
        assert said in start.prompt


CHECKED = by(
    "code",
    checks=(
        {"kind": "diff", "only": ["src/**"]},
        {"kind": "output", "field": "summary"},
        {"kind": "person", "question": "Does it look right?"},
    ),
)


def checking(*events):
    subject = subject_with(CHECKED, agents={"maker": agent()})
    output = StructuredOutput(value={"summary": "done"})
    begun = [StepStarted(step="code", attempt=1), child("code"), ended("code", output)]
    change = FILES.model_copy(
        update={"changes": (FileChange(path="src/a.py", status="added", added=1, removed=0),)}
    )
    return state_of(subject, *begun, change, *events)


def test_checks_are_made_in_order_and_people_are_asked_where_one_is_theirs():
    diff = appended(checking())
    assert (diff[1].passed, diff[1].output) == (True, "1 files, 1 lines")
    output = appended(checking(*diff))
    assert output[1].passed
    (gate,) = appended(checking(*diff, *output))
    assert isinstance(gate, GateOpened)
    assert gate.question == "code: Does it look right?"
    yes = GateDecided(gate_id="g1", verdict="approve", actor=ANN)
    answered = appended(checking(*diff, *output, gate, yes))
    assert answered[1].passed
    assert appended(checking(*diff, *output, gate, yes, *answered))[0].outcome == "passed"
    no = GateDecided(gate_id="g1", verdict="reject", actor=ANN, note="too dark")
    refused = appended(checking(*diff, *output, gate, no))
    (end,) = appended(checking(*diff, *output, gate, no, *refused))
    assert (end.outcome, end.reason) == ("rejected", "Does it look right?: too dark")


def diff_of(*paths):
    changes = tuple(FileChange(path=path, status="added", added=3, removed=1) for path in paths)
    return FilesChanged(turn=0, base_tree="b", tree="t", changes=changes, diff="")


@pytest.mark.parametrize(
    ("check", "paths", "passes", "text"),
    [
        ({}, [], False, "nothing was changed"),
        ({"not_empty": False}, [], True, "0 files, 0 lines"),
        ({"only": ["src/**"]}, ["src/a.py"], True, "1 files, 4 lines"),
        ({"only": ["src/**"]}, ["src/a.py", "b.py"], False, "changed outside src/**: b.py"),
        ({"never": ["*.lock"]}, ["x.lock"], False, "changed although it must not be: x.lock"),
        ({"max_lines": 5}, ["a", "b"], False, "8 lines changed; at most 5 may be"),
    ],
)
def test_a_change_is_judged_by_its_paths_and_size(check, paths, passes, text):
    found = judge_diff(DiffCheck.model_validate({"kind": "diff", **check}), diff_of(*paths))
    assert (found.passed, found.text) == (passes, text)


@pytest.mark.parametrize(
    ("check", "value", "passes"),
    [
        ({"field": "a.b"}, {"a": {"b": None}}, True),
        ({"field": "a.b"}, {"a": 1}, False),
        ({"field": "a"}, None, False),
        ({"field": "a", "one_of": [1]}, {"a": True}, False),
        ({"field": "a", "one_of": [True]}, {"a": True}, True),
        ({"field": "a", "minimum": 2}, {"a": 2}, True),
        ({"field": "a", "minimum": 2}, {"a": 1.5}, False),
        ({"field": "a", "maximum": 2}, {"a": "1"}, False),
        ({"field": "a", "minimum": 0}, {"a": True}, False),
    ],
)
def test_a_field_of_the_output_is_judged_by_what_it_is(check, value, passes):
    made = OutputCheck.model_validate({"kind": "output", **check})
    assert judge_output(made, StructuredOutput(value=value)).passed is passes


def test_without_structured_output_no_field_is_there():
    check = OutputCheck(kind="output", field="a")
    assert not judge_output(check, LastMessage(value="a", text="a")).passed
    assert not judge_output(check, None).passed


@pytest.mark.parametrize(
    ("line", "text", "number"),
    [
        ("TOTAL*{number}%", "TOTAL   120  12   90%", 90),
        ("TOTAL*{number}%", "a 1%\nTOTAL 7%\nTOTAL 8.5%\n", 8.5),
        ("mean: {number} ms", "mean: -1.25 ms", -1.25),
        ("mean: {number} ms", "mean: fast", None),
        ("{number} passed*failed", "3 passed, 1 failed", 3),
        ("*{number}%", "", None),
    ],
)
def test_a_number_is_read_from_the_last_line_that_fits(line, text, number):
    assert number_in(text, line) == number


@given(st.text(max_size=3000), st.sampled_from(["*a*a*{number}*b*", "{number}", "x*{number}%"]))
def test_no_text_breaks_the_reading_of_a_number(text, line):
    found = number_in(text, line)
    assert found is None or isinstance(found, float)


@pytest.mark.parametrize(
    "check",
    [
        {"kind": "file", "path": "a", "absent": True, "contains": "x"},
        {"kind": "number", "line": "no number at all", "command": "x", "minimum": 1},
        {"kind": "number", "line": "is {number}", "minimum": 1},
        {"kind": "number", "line": "is {number}", "command": "x", "path": "y", "minimum": 1},
        {"kind": "number", "line": "is {number}", "command": "x"},
        {"kind": "http", "url": "file:///etc/passwd"},
        {"kind": "nothing"},
    ],
)
def test_a_check_that_could_never_be_made_is_refused(check):
    with pytest.raises(ValidationError):
        TypeAdapter(Check).validate_python(check)


def test_a_number_check_has_bounds():
    made = NumberCheck(kind="number", line="is {number}", command="x", maximum=3)
    assert made.minimum is None


SIGNED = people("sign", approvers={"roles": ["maintainer"]}, separate=("person",), timeout_s=3600)


def test_a_sign_off_names_roles_bars_the_requester_and_has_a_deadline():
    state = state_of(subject_with(SIGNED), StepStarted(step="sign", attempt=1))
    (gate,) = appended(state)
    assert isinstance(gate, GateOpened)
    assert (gate.roles, gate.barred) == (("maintainer",), (ANN,))
    assert gate.deadline_at == state.at + timedelta(hours=1)
    assert "had a hand in this work" in objection(gate, (), ANN, "approve", roles={"maintainer"})
    assert "not one of those" in objection(gate, (), BOB, "approve", roles={"contributor"})
    assert objection(gate, (), BOB, "approve", roles={"maintainer"}) == ""
    assert objection(gate, (), ANN, "reject") == ""


def test_a_sign_off_that_nobody_gave_in_time_ends_the_task():
    subject = subject_with(SIGNED)
    begun = StepStarted(step="sign", attempt=1)
    (gate,) = appended(state_of(subject, begun))
    expired = GateExpired(gate_id="g1")
    (end,) = appended(state_of(subject, begun, gate, expired))
    assert (end.outcome, end.reason) == ("failed", "Nobody decided in time.")
    (failed,) = appended(state_of(subject, begun, gate, expired, end))
    assert failed.type == "run.failed"


def test_a_sign_off_that_can_never_be_met_is_refused():
    with pytest.raises(ValidationError, match="asks for 2 people and names 1"):
        SignOff(count=2, people=("ann",))


def test_a_step_needs_exactly_one_kind_of_owner():
    for fields in ({"agent": None}, {"skills": ("review",)}):
        with pytest.raises(ValidationError, match="needs an owner"):
            by("x", **fields)


def test_a_committed_change_is_handed_on_where_the_space_says_so_and_the_task_is_done_either_way():
    subject = subject_with(by("code"), landing="forge", agents={"maker": agent()})
    committed = ChangeCommitted(branch="b", commit="c" * 40)
    events = [FILES, passed("code"), committed]
    command = decide_task(state_of(subject, *events))
    assert isinstance(command, LandChange)
    assert (command.branch, command.title) == ("b", "Do it")
    for landed in (
        ChangeLanded(branch="b", url="https://forge.example/7"),
        ChangeLanded(branch="b", problem="it exited 1"),
    ):
        (done,) = appended(state_of(subject, *events, landed))
        assert done.type == "run.completed"
        assert done.output.value["url"] == landed.url
        assert done.output.value["problem"] == landed.problem
    nothing = [passed("code"), ChangeCommitted(branch="b", commit=None)]
    assert appended(state_of(subject, *nothing))[0].type == "run.completed"


def test_a_reviewer_is_told_the_change_and_an_author_is_not():
    review = by("review", verdict=VerdictRule())
    subject = subject_with(by("code"), review, agents={"maker": agent()})
    start = decide_task(
        state_of(subject, FILES, passed("code"), StepStarted(step="review", attempt=1))
    )
    assert isinstance(start, StartStepRun)
    assert "+a" in start.prompt
    assert DONE.text not in start.prompt


@given(st.data(), st.integers(1, 8))
def test_what_a_step_needs_is_whatever_it_depends_on(data, count):
    names = [f"s{n}" for n in range(count)]
    wishes = [
        data.draw(st.none() | st.lists(st.sampled_from(names[:n] or names), unique=True))
        for n in range(count)
    ]
    steps = (by(name, needs=wish) for name, wish in zip(names, wishes, strict=True))
    workflow = flow(*steps)
    for one in names:
        assert precedents(workflow, one) == {
            other for other in names if one in dependents(workflow, other)
        }


def test_a_line_of_thousands_of_steps_is_followed():
    workflow = flow(*(by(f"s{n}") for n in range(5_000)))
    assert len(dependents(workflow, "s0")) == len(precedents(workflow, "s4999")) == 5_000
    following = next_step(workflow, [])
    assert following is not None
    assert following.id == "s0"
    assert circle(workflow) == ()
