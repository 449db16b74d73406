"""Steps, checks and decisions of a task."""

from dataclasses import dataclass, replace
from datetime import datetime

from callboard.cli.calls import describe_check
from callboard.cli.plain import one_line, plain
from callboard.cli.story.line import Piece
from callboard.cli.text import duration, money, tokens
from callboard.domain.events.child_run import ChildRunEnded
from callboard.domain.events.codec import Recorded
from callboard.domain.events.files import FileChange, FilesChanged
from callboard.domain.events.gate import ApprovalGiven, GateDecided, GateExpired, GateOpened
from callboard.domain.events.run import RunCreated, WorkflowSubject
from callboard.domain.events.workflow import (
    ChangeCommitted,
    ChangeLanded,
    CheckCompleted,
    CheckStarted,
    CommentAdded,
    StepAssigned,
    StepEnded,
    StepPostponed,
    StepSkipped,
    StepStarted,
)
from callboard.domain.usage import Bill, Usage


@dataclass(frozen=True, slots=True)
class _Step:
    title: str
    began: datetime
    bill: Bill = Bill()
    usage: Usage = Usage()


class OfTasks:
    """Tells about a task. `changes` are what it changed so far."""

    def __init__(self) -> None:
        self.changes: tuple[FileChange, ...] = ()
        self._run_id = ""
        self._titles: dict[str, str] = {}
        self._step: _Step | None = None
        self._check = ""

    def tell(self, recorded: Recorded) -> list[Piece]:
        """Return the pieces for an event."""
        self._follow(recorded)
        match recorded.event:
            case StepStarted() as event:
                return [self._begun(recorded, event)]
            case StepEnded() as event:
                return [self._ended(recorded, event)]
            case StepAssigned() | StepPostponed() | StepSkipped() | CommentAdded():
                return [self._noted(recorded.event)]
            case CheckCompleted() as event:
                text = describe_check(self._check, event)
                return [Piece(text, "good" if event.passed else "bad")]
            case GateOpened() | ApprovalGiven() | GateDecided() | GateExpired():
                return [_at_a_gate(recorded.event)]
            case ChangeLanded(problem=str(problem)):
                return [Piece(f"could not be handed on: {one_line(problem, 200)}", "bad")]
            case ChangeLanded(url=url):
                return [Piece(f"handed on{f': {plain(url)}' if url else ''}", "good")]
            case ChangeCommitted(commit=None):
                return [Piece("nothing to commit", "note")]
            case ChangeCommitted(commit=str(commit), branch=branch):
                return [Piece(f"commit {commit[:12]} on branch {branch}", "good")]
            case _:
                return []

    def _follow(self, recorded: Recorded) -> None:
        match recorded.event:
            case RunCreated(subject=WorkflowSubject() as subject):
                self._run_id = recorded.run_id
                self._titles = {step.id: step.title for step in subject.workflow.steps}
            case CheckStarted() as event:
                self._check = event.command
            case FilesChanged(turn=0) as event:
                self.changes = event.changes
            case ChildRunEnded() as event if recorded.run_id == self._run_id:
                step = self._step
                self._step = step and replace(
                    step, bill=step.bill.merged(event.bill), usage=step.usage + event.usage
                )
            case _:
                pass

    def _noted(self, event: StepAssigned | StepPostponed | StepSkipped | CommentAdded) -> Piece:
        match event:
            case StepAssigned():
                name = plain(event.definition.display_name)
                return Piece(f"{name} takes it: {plain(event.reason)}", "note")
            case StepPostponed():
                return Piece(f"waits: {one_line(event.reason, 200)}", "note")
            case StepSkipped():
                title = self._titles.get(event.step, event.step)
                return Piece(f"{plain(title)} is not needed: {plain(event.reason)}", "note")
            case CommentAdded():
                return Piece(one_line(event.text, 200), "note", who=plain(event.actor.name))

    def _begun(self, recorded: Recorded, event: StepStarted) -> Piece:
        self._step = _Step(plain(self._titles.get(event.step, event.step)), recorded.at)
        again = f", attempt {event.attempt}" if event.attempt > 1 else ""
        return Piece(f"{self._step.title}{again}", "head")

    def _ended(self, recorded: Recorded, event: StepEnded) -> Piece:
        step = self._step or _Step(event.step, recorded.at)
        took = duration(recorded.at - step.began)
        spent = f", {money(step.bill)}, {tokens(step.usage)}" if step.usage.input_tokens else ""
        why = f"\n{plain(event.reason)}" if event.reason else ""
        tone = "good" if event.outcome == "passed" else "bad"
        return Piece(f"{step.title}: {event.outcome} — {took}{spent}{why}", tone)


def _at_a_gate(event: GateOpened | ApprovalGiven | GateDecided | GateExpired) -> Piece:
    match event:
        case GateOpened():
            return Piece(f"waits for a decision: {one_line(event.question, 200)}", "note")
        case ApprovalGiven():
            note = f": {plain(event.note)}" if event.note else ""
            return Piece(f"approved, others must too{note}", "good", who=plain(event.actor.name))
        case GateDecided():
            return _decision(event)
        case GateExpired():
            return Piece("nobody decided in time", "bad")


def _decision(event: GateDecided) -> Piece:
    note = f": {plain(event.note)}" if event.note else ""
    if event.verdict == "approve":
        return Piece(f"approved{note}", "good", who=plain(event.actor.name))
    return Piece(f"rejected{note}", "bad", who=plain(event.actor.name))
