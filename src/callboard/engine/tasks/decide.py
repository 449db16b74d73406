"""decide_task: TaskState -> TaskCommand. The same law as for agent runs: pure, total, no other argument.

Whether a step passed follows from evidence (an exit code, a structured verdict, a person's decision),
never from an agent's word.
"""

from decimal import Decimal

from callboard.domain.definition.agent import AgentDefinition, Limits
from callboard.domain.events.run import CancellationRequested, RunCancelled, RunCompleted
from callboard.domain.events.workflow import StepEnded, StepSkipped, StepStarted
from callboard.domain.output import ErrorOutput, StructuredOutput
from callboard.domain.task_run.state import StepProgress, TaskState
from callboard.domain.workflow import AgentStep, PeopleStep, Step
from callboard.engine.commands import Append, CancelChildren, DriveChildren, RecordFiles, Rest, Wait
from callboard.engine.outputs import failed
from callboard.engine.tasks.checking import check_next, rejection
from callboard.engine.tasks.commands import (
    AssignStep,
    CommitChange,
    LandChange,
    StartStepRun,
    TaskCommand,
)
from callboard.engine.tasks.conditions import unmet
from callboard.engine.tasks.order import next_step, step_named
from callboard.engine.tasks.people import approved, said, sign_off_gate
from callboard.engine.tasks.prompts import commit_message, step_prompt


def decide_task(state: TaskState) -> TaskCommand:
    """Return what happens next in a workflow run."""
    if state.terminal is not None:
        return Rest()
    if state.cancellation is not None:
        return _cancel(state, state.cancellation)
    if state.gate is not None:
        return Wait(state.gate.gate_id)
    if state.progress is None:
        return _between_steps(state)
    step = step_named(state.subject.workflow, state.progress.step)
    if isinstance(step, PeopleStep):
        return _people_step(state, step, state.progress)
    return _agent_step(state, step, state.progress)


def _cancel(state: TaskState, request: CancellationRequested) -> TaskCommand:
    progress = state.progress
    if progress is not None and progress.child is not None and progress.ended is None:
        return CancelChildren((progress.child.child_run_id,), request)
    return Append((_cancelled(state),))


def _between_steps(state: TaskState) -> TaskCommand:
    last = state.history[-1] if state.history else None
    if isinstance(last, StepEnded) and last.outcome == "failed":
        return Append((failed(state, last.reason, "step_failed"),))
    step = next_step(state.subject.workflow, state.history)
    if step is None:
        return _after_last_step(state)
    needless = _needless(state, step)
    if needless:
        return Append((StepSkipped(step=step.id, reason=needless),))
    if state.attempts_of(step.id) >= step.max_attempts:
        return Append((failed(state, _exhausted(state, step), "attempts_exhausted"),))
    return Append((StepStarted(step=step.id, attempt=state.attempts_of(step.id) + 1),))


def _needless(state: TaskState, step: Step) -> str:
    if step.when is None:
        return ""
    changed = [change.path for change in state.files.changes] if state.files is not None else []
    return unmet(step.when, state.subject.task, changed)


def _exhausted(state: TaskState, step: Step) -> str:
    reason = state.rejections[-1].reason if state.rejections else ""
    return (
        f'Step "{step.title}" was attempted {step.max_attempts} times, which is its limit. '
        f"The last rejection: {reason}"
    )


def _after_last_step(state: TaskState) -> TaskCommand:
    files = state.files
    if state.commit is None and files is not None and files.changes:
        return CommitChange(files.tree, commit_message(state), _author(state))
    if state.subject.landing == "forge" and state.landed is None and _is_committed(state):
        title = state.subject.task.title
        return LandChange(state.subject.branch, title, commit_message(state))
    return Append((_completed(state),))


def _is_committed(state: TaskState) -> bool:
    return state.commit is not None and state.commit.commit is not None


def _author(state: TaskState) -> str:
    """Return who is named as the author of the change: whoever worked on it first."""
    pinned = (agent.display_name for agent in state.subject.agents.values())
    worked = (agent.display_name for _, agent in state.cast)
    return next(worked, next(pinned, "Callboard"))


def _agent_step(state: TaskState, step: AgentStep, progress: StepProgress) -> TaskCommand:
    if progress.child is None:
        return _begin(state, step, progress)
    if progress.ended is None and progress.waiting is not None:
        return Wait(progress.waiting.gate_id)
    if progress.ended is None:
        return DriveChildren((progress.child.child_run_id,))
    if progress.files is None:
        return RecordFiles(0, state.subject.base_tree)
    if progress.ended.status != "completed":
        return _end_step(progress, "failed", _error_text(progress))
    wrong = rejection(step, progress)
    if wrong:
        return _end_step(progress, "rejected", wrong)
    if len(progress.checks) < len(step.checks):
        return check_next(state, step, progress)
    against = _verdict(step, progress)
    if against is not None:
        return _end_step(progress, "rejected", against)
    return _end_step(progress, "passed", "")


def _begin(state: TaskState, step: AgentStep, progress: StepProgress) -> TaskCommand:
    if progress.postponed is not None:
        return Wait(step.id)
    definition = _definition(state, step, progress)
    if definition is None:
        return AssignStep(step, progress.attempt)
    limits = Limits(wall_time_s=step.timeout_s, cost_usd=_share(state, step))
    return StartStepRun(step, progress.attempt, step_prompt(state, step), definition, limits)


def _definition(
    state: TaskState, step: AgentStep, progress: StepProgress
) -> AgentDefinition | None:
    """Return who does a step: the agent pinned when the task began, else the one chosen for this attempt."""
    if step.agent is not None and step.agent in state.subject.agents:
        return state.subject.agents[step.agent]
    return progress.assigned.definition if progress.assigned is not None else None


def _share(state: TaskState, step: AgentStep) -> Decimal | None:
    budget = state.created.limits.cost_usd
    if step.budget_share is None or budget is None:
        return None
    return budget * Decimal(str(step.budget_share))


def _verdict(step: AgentStep, progress: StepProgress) -> str | None:
    """Return why the reviewer's structured verdict rejects the work, or None where it accepts it."""
    if step.verdict is None or progress.ended is None:
        return None
    output = progress.ended.output
    value = output.value if isinstance(output, StructuredOutput) else None
    if not isinstance(value, dict):
        return f"{step.title} gave no structured verdict."
    if value.get(step.verdict.field) in step.verdict.accept:
        return None
    reason = value.get(step.verdict.reason_field)
    return str(reason) if reason else f"{step.title} did not accept the work."


def _error_text(progress: StepProgress) -> str:
    output = progress.ended.output if progress.ended is not None else None
    return (
        output.message if isinstance(output, ErrorOutput) else "The agent's run did not complete."
    )


def _end_step(progress: StepProgress, outcome: str, reason: str) -> Append:
    return Append(
        (
            StepEnded.model_validate(
                {
                    "step": progress.step,
                    "attempt": progress.attempt,
                    "outcome": outcome,
                    "reason": reason,
                }
            ),
        )
    )


def _people_step(state: TaskState, step: PeopleStep, progress: StepProgress) -> TaskCommand:
    decision = progress.decision
    if decision is None:
        return Append((sign_off_gate(state, step, progress),))
    if approved(decision):
        return _end_step(progress, "passed", said(decision))
    outcome = "failed" if decision.type == "gate.expired" else "rejected"
    return _end_step(progress, outcome, said(decision))


def _completed(state: TaskState) -> RunCompleted:
    commit = state.commit
    value: dict[str, object] = {
        "branch": commit.branch if commit is not None else None,
        "commit": commit.commit if commit is not None else None,
        "files": [change.path for change in state.files.changes] if state.files else [],
    }
    if state.landed is not None:
        value |= {"url": state.landed.url, "problem": state.landed.problem}
    return RunCompleted(
        output=StructuredOutput.model_validate({"value": value}),
        cost_usd=state.bill.total_usd,
        usage=state.usage,
    )


def _cancelled(state: TaskState) -> RunCancelled:
    name = state.cancellation.actor.name if state.cancellation is not None else "nobody"
    output = ErrorOutput(message=f"Task cancelled by {name}", code="cancelled")
    return RunCancelled(output=output, cost_usd=state.bill.total_usd, usage=state.usage)
