"""The facts of a task's steps: who did which, how it stands, how long it took and what it cost."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from callboard.domain.events.gate import GateOpened
from callboard.domain.events.workflow import StepEnded
from callboard.domain.run_row import RunRow
from callboard.domain.task_run.state import TaskState
from callboard.domain.usage import Bill
from callboard.domain.workflow import PeopleStep, SignOff, Step

StepState = Literal["done", "working", "mine", "waiting", "failed", "skipped", "stopped", "ahead"]


@dataclass(frozen=True, slots=True)
class StepFact:
    """A step of a task: `who` did it or is to, `seconds` since it began and until it ended, `bill` of all attempts."""

    id: str
    title: str
    state: StepState
    is_sign_off: bool
    who: str
    seconds: float | None
    bill: Bill
    attempts: int


def step_facts(state: TaskState, rows: Sequence[RunRow], now: datetime) -> list[StepFact]:
    """Return the facts of a task's steps, in their order. `rows` are its runs, `now` is until when those go on that have
    not ended.
    """
    ended = {event.step: event for event in state.history}
    by_step: dict[str, list[RunRow]] = {}
    for row in rows:
        if row.parent_id == state.run_id and row.step is not None:
            by_step.setdefault(row.step, []).append(row)
    attempts = dict(state.attempts)
    return [
        _step(
            step,
            _state(step, state, ended.get(step.id)),
            by_step.get(step.id, []),
            attempts.get(step.id, 0),
            now,
        )
        for step in state.subject.workflow.steps
    ]


def _step(
    step: Step, standing: StepState, rows: Sequence[RunRow], attempts: int, now: datetime
) -> StepFact:
    bill = Bill()
    for row in rows:
        bill = bill.merged(row.bill)
    seconds = sum(((row.ended_at or now) - row.created_at).total_seconds() for row in rows)
    return StepFact(
        id=step.id,
        title=step.title,
        state=standing,
        is_sign_off=isinstance(step, PeopleStep),
        who=rows[-1].title if rows else _owner(step),
        seconds=seconds if rows else None,
        bill=bill,
        attempts=attempts,
    )


def _owner(step: Step) -> str:
    if isinstance(step, PeopleStep):
        wanted = step.approvers or SignOff()
        return ", ".join((*wanted.people, *wanted.roles)) or "a person"
    return step.agent or f"whoever has {', '.join(step.skills)}"


def _state(step: Step, state: TaskState, over: object) -> StepState:
    progress = state.progress
    if progress is not None and progress.step == step.id:
        if state.terminal is not None:
            return "stopped"
        asked: GateOpened | None = state.gate
        if asked is not None or progress.waiting is not None:
            return "mine"
        return "waiting" if progress.postponed is not None else "working"
    if over is None:
        return "ahead"
    if isinstance(over, StepEnded):
        return "done" if over.outcome == "passed" else "failed"
    return "skipped"
