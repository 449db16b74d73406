"""What happens next in a workflow's run: evidence decides, never an agent's word."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callboard.domain.actor import Actor
from callboard.domain.events.child_run import ChildRunEnded, ChildRunStarted
from callboard.domain.events.codec import Recorded
from callboard.domain.events.files import FileChange, FilesChanged
from callboard.domain.events.gate import GateDecided, GateOpened
from callboard.domain.events.run import (
    CancellationRequested,
    RunCreated,
    RunFailed,
    RunResumed,
    WorkflowSubject,
)
from callboard.domain.events.union import AnyEvent
from callboard.domain.events.workflow import (
    ChangeCommitted,
    CheckCompleted,
    CheckStarted,
    StepEnded,
    StepStarted,
)
from callboard.domain.evidence import CommandCheck
from callboard.domain.output import ErrorOutput, LastMessage, RunOutput, StructuredOutput
from callboard.domain.task_run.fold import begin_task, evolve_task, fold_task
from callboard.domain.task_run.state import TaskState
from callboard.domain.usage import Bill, Usage
from callboard.domain.workflow import (
    AgentStep,
    PeopleStep,
    Task,
    VerdictRule,
    WorkflowDefinition,
)
from callboard.engine.commands import Append, CancelChildren, DriveChildren, RecordFiles, Rest, Wait
from callboard.engine.tasks.commands import (
    AssignStep,
    CommitChange,
    LandChange,
    RunCheck,
    StartStepRun,
    TaskCommand,
)
from callboard.engine.tasks.decide import decide_task

from .logs import ANN, START, agent
from .made import Draw, any_event, drawn

WORKFLOW = WorkflowDefinition(
    id="w",
    title="W",
    steps=(
        AgentStep(id="make", title="Make", agent="maker", checks=(CommandCheck(command="check"),)),
        AgentStep(
            id="review",
            title="Review",
            agent="critic",
            verdict=VerdictRule(),
            on_reject="make",
        ),
        PeopleStep(id="sign", title="Sign", on_reject="make", max_attempts=2),
    ),
)


def created() -> RunCreated:
    agents = {"maker": agent(), "critic": agent(display_name="Critic")}
    subject = WorkflowSubject(
        workflow=WORKFLOW,
        task=Task(title="Do it"),
        repository="/repository",
        base_commit="0" * 40,
        base_tree="base",
        branch="callboard/do-it",
        agents=agents,
    )
    return RunCreated(subject=subject, actor=ANN, workspace="/copy")


def log_of(*events: AnyEvent) -> list[Recorded]:
    return [
        Recorded("t", seq, START + timedelta(seconds=seq), event)
        for seq, event in enumerate([created(), *events], start=1)
    ]


def after(*events: AnyEvent) -> TaskCommand:
    return decide_task(fold_task(log_of(*events)))


def appended(*events: AnyEvent) -> AnyEvent:
    command = after(*events)
    assert isinstance(command, Append), command
    (event,) = command.events
    return event


def child(step: str, attempt: int = 1) -> ChildRunStarted:
    return ChildRunStarted(
        origin=step,
        index=0,
        child_run_id=f"t.{step}-{attempt}",
        agent="maker",
        agent_name="A",
        definition_digest="d",
    )


def ended(step: str, output: RunOutput, attempt: int = 1, status: str = "completed") -> AnyEvent:
    return ChildRunEnded.model_validate(
        {
            "child_run_id": f"t.{step}-{attempt}",
            "status": status,
            "output": output,
            "bill": Bill(),
            "usage": Usage(),
        }
    )


FILES = FilesChanged(
    turn=0,
    base_tree="base",
    tree="new",
    changes=(FileChange(path="a.py", status="added", added=1, removed=0),),
    diff="+a",
)
DONE = LastMessage(value="I am done and everything passes!", text="…")


def worked(step: str, output: RunOutput = DONE, attempt: int = 1) -> list[AnyEvent]:
    """A step up to the recording of its files."""
    started = StepStarted(step=step, attempt=attempt)
    return [started, child(step, attempt), ended(step, output, attempt), FILES]


def checked(*, passed: bool, exit_code: int | None = 0) -> AnyEvent:
    return CheckCompleted(
        step="make", attempt=1, index=0, passed=passed, exit_code=exit_code, output="said"
    )


def passed(step: str, attempt: int = 1) -> list[AnyEvent]:
    ending = StepEnded(step=step, attempt=attempt, outcome="passed")
    return [StepStarted(step=step, attempt=attempt), ending]


def test_a_step_is_started_then_its_agent_then_its_files_are_recorded():
    assert appended() == StepStarted(step="make", attempt=1)
    start = after(StepStarted(step="make", attempt=1))
    assert isinstance(start, StartStepRun)
    assert "Task: Do it" in start.prompt
    driving = [StepStarted(step="make", attempt=1), child("make")]
    assert after(*driving) == DriveChildren(("t.make-1",))
    assert after(*driving, ended("make", DONE)) == RecordFiles(0, "base")


def test_an_agents_word_passes_no_step_and_the_check_is_made():
    assert isinstance(after(*worked("make")), RunCheck)


def test_a_check_that_was_begun_and_lost_is_made_again():
    begun = CheckStarted(step="make", attempt=1, index=0, command="check")
    assert isinstance(after(*worked("make"), begun, RunResumed(epoch=2)), RunCheck)


@pytest.mark.parametrize(
    ("event", "outcome", "reason"),
    [
        (checked(passed=True), "passed", ""),
        (checked(passed=False, exit_code=1), "rejected", "`check` exited 1:\nsaid"),
        (checked(passed=False, exit_code=None), "rejected", "`check` was stopped:\nsaid"),
    ],
)
def test_the_check_decides(event, outcome, reason):
    found = appended(*worked("make"), event)
    assert found == StepEnded(step="make", attempt=1, outcome=outcome, reason=reason)


@pytest.mark.parametrize(
    ("output", "outcome", "reason"),
    [
        (StructuredOutput(value={"verdict": "approve"}), "passed", ""),
        (StructuredOutput(value={"verdict": "reject", "reason": "ugly"}), "rejected", "ugly"),
        (
            StructuredOutput(value={"verdict": "Approve"}),
            "rejected",
            "Review did not accept the work.",
        ),
        (StructuredOutput(value={}), "rejected", "Review did not accept the work."),
        (StructuredOutput(value=None), "rejected", "Review gave no structured verdict."),
        (StructuredOutput(value="approve"), "rejected", "Review gave no structured verdict."),
        (StructuredOutput(value=["approve"]), "rejected", "Review gave no structured verdict."),
        (DONE, "rejected", "Review gave no structured verdict."),
    ],
)
def test_a_reviewers_structured_verdict_decides_and_nothing_else_does(output, outcome, reason):
    found = appended(*passed("make"), *worked("review", output))
    assert found == StepEnded(step="review", attempt=1, outcome=outcome, reason=reason)


@pytest.mark.parametrize("value", [{"verdict": ["approve"]}, {"verdict": {"approve": True}}])
def test_a_verdict_of_another_type_is_none(value):
    found = appended(*passed("make"), *worked("review", StructuredOutput(value=value)))
    assert isinstance(found, StepEnded)
    assert found.outcome == "rejected"


def test_an_agent_that_failed_fails_the_step_and_the_task():
    broken = [StepStarted(step="make", attempt=1), child("make")]
    broken += [ended("make", ErrorOutput(message="no key"), status="failed"), FILES]
    failed = appended(*broken)
    assert failed == StepEnded(step="make", attempt=1, outcome="failed", reason="no key")
    end = appended(*broken, failed)
    assert isinstance(end, RunFailed)
    assert (end.output.code, end.output.message) == ("step_failed", "no key")


def test_a_rejection_goes_back_to_the_named_step_with_its_reason():
    rejected = StepEnded(step="review", attempt=1, outcome="rejected", reason="ugly")
    events = [*passed("make"), StepStarted(step="review", attempt=1), rejected]
    assert appended(*events) == StepStarted(step="make", attempt=2)
    start = after(*events, StepStarted(step="make", attempt=2))
    assert isinstance(start, StartStepRun)
    assert "ugly" in start.prompt


def test_a_step_without_a_target_for_rejections_is_its_own():
    rejected = StepEnded(step="make", attempt=1, outcome="rejected", reason="r")
    assert appended(StepStarted(step="make", attempt=1), rejected) == (
        StepStarted(step="make", attempt=2)
    )


def test_a_step_that_is_rejected_too_often_ends_the_task():
    events: list[AnyEvent] = []
    for attempt in (1, 2, 3):
        events += [
            StepStarted(step="make", attempt=attempt),
            StepEnded(step="make", attempt=attempt, outcome="rejected", reason=f"no {attempt}"),
        ]
    end = appended(*events)
    assert isinstance(end, RunFailed)
    assert (end.output.code, "no 3" in end.output.message) == ("attempts_exhausted", True)


def test_people_are_asked_and_their_decision_decides():
    before = [*passed("make"), *passed("review"), StepStarted(step="sign", attempt=1)]
    gate = appended(*before)
    assert isinstance(gate, GateOpened)
    assert after(*before, gate) == Wait("g1")
    for verdict, note, outcome, reason in (
        ("approve", "", "passed", ""),
        ("reject", "shorter", "rejected", "shorter"),
        ("reject", "", "rejected", "ann rejected it."),
    ):
        decided = GateDecided.model_validate(
            {"gate_id": "g1", "verdict": verdict, "actor": ANN, "note": note}
        )
        assert appended(*before, gate, decided) == StepEnded.model_validate(
            {"step": "sign", "attempt": 1, "outcome": outcome, "reason": reason}
        )


def test_a_sign_off_is_bound_to_the_files_that_were_shown():
    signing = [*passed("make"), *passed("review"), StepStarted(step="sign", attempt=1)]
    first = appended(FILES, *signing)
    other = appended(FILES.model_copy(update={"tree": "other"}), *signing)
    assert isinstance(first, GateOpened)
    assert isinstance(other, GateOpened)
    assert first.digest != other.digest


def test_after_the_last_step_the_recorded_tree_is_committed_and_the_task_is_done():
    events = [FILES, *passed("make"), *passed("review"), *passed("sign")]
    commit = after(*events)
    assert isinstance(commit, CommitChange)
    assert (commit.tree, "Callboard-Run: t" in commit.message) == ("new", True)
    done = appended(*events, ChangeCommitted(branch="callboard/do-it", commit="c" * 40))
    assert done.type == "run.completed"
    assert done.output == StructuredOutput(
        value={"branch": "callboard/do-it", "commit": "c" * 40, "files": ["a.py"]}
    )


def test_a_task_that_changed_nothing_commits_nothing():
    events = [*passed("make"), *passed("review"), *passed("sign")]
    assert appended(*events).type == "run.completed"


def test_children_end_before_their_task_when_it_is_cancelled():
    request = CancellationRequested(actor=ANN)
    driving = [StepStarted(step="make", attempt=1), child("make")]
    assert after(*driving, request) == CancelChildren(("t.make-1",), request)
    gone = ended("make", ErrorOutput(message="cancelled"), status="cancelled")
    assert appended(*driving, request, gone).type == "run.cancelled"


class Outside:
    def __init__(self, draw: Draw) -> None:
        self.draw = draw

    def answer(self, state: TaskState, command: TaskCommand) -> list[AnyEvent]:
        if self.draw(st.integers(0, 9)) == 0:
            return [RunResumed(epoch=state.epoch + 1)]
        match command:
            case Append():
                return list(command.events)
            case StartStepRun():
                return [child(command.step.id, command.attempt)]
            case DriveChildren() | CancelChildren():
                return [self._ended(run_id) for run_id in command.run_ids]
            case RecordFiles():
                return [FILES]
            case RunCheck():
                ok = self.draw(st.booleans())
                return [checked(passed=ok, exit_code=0 if ok else 1)]
            case CommitChange():
                return [ChangeCommitted(branch="b", commit="c")]
            case Wait():
                verdict = self.draw(st.sampled_from(["approve", "reject"]))
                actor = Actor(kind="person", name="ann")
                return [GateDecided(gate_id=command.gate_id, verdict=verdict, actor=actor)]
            case Rest() | AssignStep() | LandChange():  # every agent here is pinned
                return []

    def _ended(self, run_id: str) -> AnyEvent:
        step, _, attempt = run_id.removeprefix("t.").rpartition("-")
        outputs = [
            StructuredOutput(value={"verdict": "approve"}),
            StructuredOutput(value={"verdict": "reject"}),
            DONE,
        ]
        return ended(step, self.draw(st.sampled_from(outputs)), int(attempt))


@st.composite
def tasks(draw: st.DrawFn) -> list[Recorded]:
    log = log_of()
    state, outside = begin_task(log[0]), Outside(drawn(draw))
    for _ in range(80):
        events = outside.answer(state, decide_task(state))
        if not events:
            break
        for event in events:
            log.append(Recorded("t", len(log) + 1, START + timedelta(seconds=len(log)), event))
            state = evolve_task(state, log[-1])
    return log


@settings(max_examples=100, deadline=None)
@given(tasks())
def test_every_prefix_of_a_task_has_one_next_step(log):
    for end in range(1, len(log) + 1):
        state = fold_task(log[:end])
        assert decide_task(state) == decide_task(fold_task(log[:end]))


@settings(max_examples=100, deadline=None)
@given(tasks())
def test_no_step_starts_more_often_than_it_may(log):
    state = fold_task(log)
    for step in WORKFLOW.steps:
        assert state.attempts_of(step.id) <= step.max_attempts


@settings(max_examples=100, deadline=None)
@given(tasks())
def test_a_completed_task_passed_its_check_its_review_and_its_sign_off_last(log):
    state = fold_task(log)
    if state.status == "completed":
        assert [one.step for one in state.history[-3:]] == ["make", "review", "sign"]
        assert {getattr(one, "outcome", "skipped") for one in state.history[-3:]} == {"passed"}


@settings(max_examples=150, deadline=None)
@given(st.lists(any_event(), max_size=12))
def test_a_tasks_fold_takes_any_events_in_any_order(events):
    assert fold_task(log_of(*events)).seq == len(events) + 1
