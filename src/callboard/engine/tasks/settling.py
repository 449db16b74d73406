"""What events of a workflow run make of its attempts: the projection that performance is measured from."""

from callboard.domain.attempt_row import AttemptRow
from callboard.domain.events.union import AnyEvent
from callboard.domain.events.workflow import StepEnded
from callboard.domain.output import StructuredOutput
from callboard.domain.task_run.state import StepProgress, TaskState
from callboard.domain.workflow import AgentStep, Step
from callboard.engine.tasks.order import dependents, settled, step_named, target_of


def attempt_run_id(run_id: str, step: str, attempt: int) -> str:
    """Return the id of the run that serves an attempt of a step."""
    return f"{run_id}.{step}-{attempt}"


def attempt_rows(before: TaskState, event: AnyEvent) -> tuple[AttemptRow, ...]:
    """Return the attempts that an event settles or undoes. `before` is the state before the event."""
    if not isinstance(event, StepEnded):
        return ()
    workflow = before.subject.workflow
    step, progress = step_named(workflow, event.step), before.progress
    own: tuple[AttemptRow, ...] = ()
    if isinstance(step, AgentStep) and progress is not None and progress.child is not None:
        own = (_row(before, step, event, progress),)
    if event.outcome != "rejected":
        return own
    done = settled(workflow, before.history)
    undone = dependents(workflow, target_of(step)) - {event.step}
    others = [
        _passed(before, one, event.step)
        for one in workflow.steps
        if one.id in undone and done.get(one.id) == "passed"
    ]
    return (*own, *(row for row in others if row is not None))


def _row(
    before: TaskState, step: AgentStep, event: StepEnded, progress: StepProgress
) -> AttemptRow:
    output = progress.ended.output if progress.ended is not None else None
    value = output.value if isinstance(output, StructuredOutput) else None
    rule = step.verdict
    judged = rule is not None and isinstance(value, dict) and rule.field in value
    run_id = attempt_run_id(before.run_id, event.step, event.attempt)
    return AttemptRow(run_id, rule is not None, event.outcome, judged)


def _passed(before: TaskState, step: Step, by: str) -> AttemptRow | None:
    """Return the last attempt of a step, which had passed, as one that was sent back."""
    attempt = before.attempts_of(step.id)
    if not isinstance(step, AgentStep) or not attempt:
        return None
    run_id = attempt_run_id(before.run_id, step.id, attempt)
    judge = step.verdict is not None
    return AttemptRow(run_id, judge, "passed", judged=judge, sent_back_by=by)
