"""What happened, told to people: a line or two per event that matters to them.

The same story is told while a run is under way and afterwards from its log.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from callboard.cli.calls import (
    describe_call,
    describe_changes,
    describe_check,
    describe_outcome,
)
from callboard.cli.text import dollars, duration, money, one_line, plain, tokens
from callboard.domain.events.child_run import ChildRunEnded, ChildRunRefused, ChildRunWaiting
from callboard.domain.events.codec import Recorded
from callboard.domain.events.files import FileChange, FilesChanged
from callboard.domain.events.gate import GateDecided, GateOpened
from callboard.domain.events.model_call import (
    ModelCallCompleted,
    ModelCallFailed,
    ModelCallStarted,
)
from callboard.domain.events.run import (
    AgentSubject,
    CancellationRequested,
    RunCancelled,
    RunCompleted,
    RunCreated,
    RunFailed,
    RunResumed,
)
from callboard.domain.events.tool_call import (
    ToolCallCompleted,
    ToolCallInterrupted,
    ToolCallRefused,
    ToolCallRequested,
    ToolCallStarted,
)
from callboard.domain.events.union import AnyEvent
from callboard.domain.events.workflow import (
    ChangeCommitted,
    CheckCompleted,
    CheckStarted,
    StepEnded,
    StepStarted,
)
from callboard.domain.usage import Bill, Usage

Tone = Literal["said", "note", "good", "bad", "head"]

_SILENT = frozenset({"end_turn", "spawn_agents"})
"""Calls that other lines tell about."""


@dataclass(frozen=True, slots=True)
class Line:
    """Something to show: seconds since the story began, who did it, and what. `run_id` is its run's."""

    since: float
    run_id: str
    who: str
    text: str
    tone: Tone


@dataclass(slots=True)
class _Step:
    title: str
    began: datetime
    bill: Bill
    usage: Usage


class Story:
    """Turns events into lines, and keeps what a status line shows.

    Attributes:
        doing: what is going on right now.
        turn: the number of the last model answer that was asked for.
        bill: money spent so far, in all runs of the story.
        changes: what the task changed so far, where the story is a task's.
    """

    def __init__(self) -> None:
        self.doing = "starting"
        self.turn = 0
        self.bill = Bill()
        self.changes: tuple[FileChange, ...] = ()
        self._began: datetime | None = None
        self._now: Recorded | None = None
        self._names: dict[str, str] = {}
        self._born: dict[str, datetime] = {}
        self._in_workflow: set[str] = set()
        self._titles: dict[str, str] = {}
        self._step: _Step | None = None
        self._check = ""
        self._calls: dict[tuple[str, str], str] = {}
        self._rested: set[str] = set()

    def tell(self, recorded: Recorded) -> list[Line]:
        """Return the lines for an event, after all that came before it."""
        self._began = self._began or recorded.at
        self._now = recorded
        event = recorded.event
        self._follow(recorded.run_id, event)
        return [
            *self._of_the_run(recorded, event),
            *self._of_a_call(recorded.run_id, event),
            *self._of_the_task(event),
        ]

    def unfinished(self) -> list[Line]:
        """Return lines for calls that have not ended."""
        return [
            self._line(f"{call} — not ended", "note", run_id=run_id)
            for (run_id, _), call in self._calls.items()
        ]

    def elapsed(self, at: datetime) -> float:
        """Return the seconds from the beginning to a time."""
        return (at - (self._began or at)).total_seconds()

    def _line(self, text: str, tone: Tone, *, who: str | None = None, run_id: str = "") -> Line:
        now = self._now
        since = 0.0 if now is None else self.elapsed(now.at)
        run_id = run_id or ("" if now is None else now.run_id)
        return Line(since, run_id, who or self._names.get(run_id, "Callboard"), text, tone)

    def _follow(self, run_id: str, event: AnyEvent) -> None:
        """Keep what later lines and the status need."""
        name = self._names.get(run_id, "")
        match event:
            case ModelCallStarted():
                self.turn, self.doing = event.turn, f"{name}: thinking"
            case ModelCallCompleted():
                self.bill = self.bill.plus(event.cost_usd)
            case ToolCallStarted():
                self.doing = f"{name}: {self._calls.get((run_id, event.call_id), 'working')}"
            case CheckStarted():
                self._check, self.doing = event.command, f"check $ {one_line(event.command, 60)}"
            case ChildRunEnded() if self._step is not None and run_id not in self._names:
                step = self._step
                self._step = replace(
                    step, bill=step.bill.merged(event.bill), usage=step.usage + event.usage
                )
            case _:
                pass

    def _of_the_run(self, recorded: Recorded, event: AnyEvent) -> list[Line]:
        match event:
            case RunCreated():
                return self._created(recorded, event)
            case RunResumed():
                expected = recorded.run_id in self._rested
                self._rested.discard(recorded.run_id)
                return [] if expected else [self._line("taken up again", "note")]
            case CancellationRequested() if "." not in recorded.run_id:
                why = f": {one_line(event.reason)}" if event.reason else ""
                return [self._line(f"cancels the run{why}", "bad", who=plain(event.actor.name))]
            case RunCompleted() if self._is_helper(recorded.run_id):
                return [self._line(self._summary(recorded, event), "good")]
            case RunFailed() | RunCancelled():
                return [self._line(one_line(event.output.message, 400), "bad")]
            case ModelCallCompleted():
                text = plain(event.message.text).strip()
                return [self._line(text, "said")] if text else []
            case ModelCallFailed():
                next_act = "trying again" if event.failure.retryable else "giving up"
                text = f"model call failed, {next_act}: {one_line(event.failure.message, 200)}"
                return [self._line(text, "bad")]
            case _:
                return []

    def _created(self, recorded: Recorded, event: RunCreated) -> list[Line]:
        self._born[recorded.run_id] = recorded.at
        lines: list[Line] = []
        if isinstance(event.subject, AgentSubject):
            self._names[recorded.run_id] = one_line(event.subject.definition.display_name, 40)
            lines.append(self._line(f"starts on {one_line(event.subject.model)}", "note"))
        else:
            self._titles = {step.id: step.title for step in event.subject.workflow.steps}
            self._in_workflow.add(recorded.run_id)
        if event.parent is not None and event.parent.run_id in self._in_workflow:
            self._in_workflow.add(recorded.run_id)
        if event.forked_from is not None:
            lines.append(self._line(f"forked from {event.forked_from}", "note"))
        return lines

    def _is_helper(self, run_id: str) -> bool:
        """Return whether a run was started by another agent: steps and roots are summed up elsewhere."""
        return "." in run_id and run_id in self._names and run_id not in self._in_workflow

    def _summary(self, recorded: Recorded, event: RunCompleted) -> str:
        took = duration(recorded.at - self._born.get(recorded.run_id, recorded.at))
        return f"done — {took}, {dollars(event.cost_usd)}, {tokens(event.usage)}"

    def _of_a_call(self, run_id: str, event: AnyEvent) -> list[Line]:
        match event:
            case ToolCallRequested():
                self._calls[run_id, event.call_id] = describe_call(event.tool, event.arguments)
                return []
            case ToolCallCompleted():
                call = self._calls.pop((run_id, event.call_id), event.tool)
                if event.tool in _SILENT and not event.is_error:
                    return []
                outcome = describe_outcome(event)
                text = f"{call} — {outcome}" if outcome else call
                return [self._line(text, "bad" if event.is_error else "note")]
            case ToolCallRefused():
                call = self._calls.pop((run_id, event.call_id), one_line(event.tool, 40))
                return [self._line(f"{call} — refused: {one_line(event.message)}", "bad")]
            case ToolCallInterrupted():
                call = self._calls.pop((run_id, event.call_id), "a call")
                return [self._line(f"{call} — interrupted, outcome unknown", "bad")]
            case ChildRunRefused():
                return [self._line(f"cannot start {one_line(event.agent, 40)}: {one_line(event.message)}", "bad")]
            case FilesChanged() if event.turn:
                return [self._line(text, "good") for text in describe_changes(event.changes)]
            case _:
                return []

    def _of_the_task(self, event: AnyEvent) -> list[Line]:
        match event:
            case StepStarted():
                return [self._step_begun(event)]
            case StepEnded():
                return [self._step_ended(event)]
            case FilesChanged():
                self.changes = event.changes if not event.turn else self.changes
                return []
            case CheckCompleted():
                text = describe_check(self._check, event)
                return [self._line(text, "good" if event.passed else "bad")]
            case GateOpened() | ChildRunWaiting():
                return self._waits(event)
            case GateDecided():
                self._rest()
                note = f": {plain(event.note)}" if event.note else ""
                word = "approved" if event.verdict == "approve" else "rejected"
                tone: Tone = "good" if event.verdict == "approve" else "bad"
                return [self._line(f"{word}{note}", tone, who=plain(event.actor.name))]
            case ChangeCommitted():
                made = f"commit {event.commit[:12]} on branch {event.branch}" if event.commit else ""
                return [self._line(made or "nothing to commit", "good" if made else "note")]
            case _:
                return []

    def _waits(self, event: GateOpened | ChildRunWaiting) -> list[Line]:
        self._rest()
        self.doing = "waiting for a decision"
        if isinstance(event, ChildRunWaiting):
            return []
        return [self._line(f"waits for a decision: {one_line(event.question, 200)}", "note")]

    def _rest(self) -> None:
        if self._now is not None:
            self._rested.add(self._now.run_id)

    def _step_begun(self, event: StepStarted) -> Line:
        title = plain(self._titles.get(event.step, event.step))
        began = self._now.at if self._now is not None else datetime.min
        self._step = _Step(title, began, Bill(), Usage())
        again = f", attempt {event.attempt}" if event.attempt > 1 else ""
        return self._line(f"{title}{again}", "head")

    def _step_ended(self, event: StepEnded) -> Line:
        step = self._step
        if step is None or self._now is None:
            return self._line(event.outcome, "note")
        took = duration(self._now.at - step.began)
        spent = f", {money(step.bill)}, {tokens(step.usage)}" if step.usage.input_tokens else ""
        why = f"\n{plain(event.reason)}" if event.reason else ""
        tone: Tone = "good" if event.outcome == "passed" else "bad"
        return self._line(f"{step.title}: {event.outcome} — {took}{spent}{why}", tone)
