"""decide_task: TaskState -> TaskCommand. The same law as for agent runs: pure, total, no other argument.

Whether a step passed follows from evidence (an exit code, a structured verdict, a person's decision),
never from an agent's word.
"""

import hashlib

from callboard.domain.events.gate import GateOpened
from callboard.domain.events.run import CancellationRequested, RunCancelled, RunCompleted
from callboard.domain.events.workflow import StepEnded, StepStarted
from callboard.domain.output import ErrorOutput, StructuredOutput
from callboard.domain.task_run.state import StepProgress, TaskState
from callboard.domain.workflow import AgentStep, PeopleStep, Step
from callboard.engine.commands import Append, CancelChildren, DriveChildren, RecordFiles, Rest, Wait
from callboard.engine.outputs import failed
from callboard.engine.task_commands import CommitChange, RunCheck, StartStepRun, TaskCommand
from callboard.engine.task_prompts import MAX_OUTPUT_CHARS, commit_message, step_prompt


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
    step = _step(state, state.progress.step)
    if isinstance(step, PeopleStep):
        return _people_step(state, step, state.progress)
    return _agent_step(state, step, state.progress)


def _cancel(state: TaskState, request: CancellationRequested) -> TaskCommand:
    progress = state.progress
    if progress is not None and progress.child is not None and progress.ended is None:
        return CancelChildren((progress.child.child_run_id,), request)
    return Append((_cancelled(state),))


def _step(state: TaskState, step_id: str) -> Step:
    return next(step for step in state.subject.workflow.steps if step.id == step_id)


def _between_steps(state: TaskState) -> TaskCommand:
    step = _next_step(state)
    if step is None:
        return _after_last_step(state)
    last = state.history[-1] if state.history else None
    if last is not None and last.outcome == "failed":
        return Append((failed(state, last.reason, "step_failed"),))
    if state.attempts_of(step.id) >= step.max_attempts:
        reason = last.reason if last is not None else ""
        message = (
            f'Step "{step.title}" was attempted {step.max_attempts} times, which is its limit. '
            f"The last rejection: {reason}"
        )
        return Append((failed(state, message, "attempts_exhausted"),))
    return Append((StepStarted(step=step.id, attempt=state.attempts_of(step.id) + 1),))


def _next_step(state: TaskState) -> Step | None:
    steps = state.subject.workflow.steps
    if not state.history:
        return steps[0]
    last = state.history[-1]
    ids = [step.id for step in steps]
    if last.outcome != "passed":
        return _step(state, _step(state, last.step).on_reject or last.step)
    following = ids.index(last.step) + 1
    return steps[following] if following < len(steps) else None


def _after_last_step(state: TaskState) -> TaskCommand:
    files = state.files
    if state.commit is None and files is not None and files.changes:
        author = next((agent.display_name for agent in state.subject.agents.values()), "Callboard")
        return CommitChange(files.tree, commit_message(state), author)
    return Append((_completed(state),))


def _agent_step(state: TaskState, step: AgentStep, progress: StepProgress) -> TaskCommand:
    if progress.child is None:
        return StartStepRun(step, progress.attempt, step_prompt(state, step))
    if progress.ended is None and progress.waiting is not None:
        return Wait(progress.waiting.gate_id)
    if progress.ended is None:
        return DriveChildren((progress.child.child_run_id,))
    if progress.files is None:
        return RecordFiles(0, state.subject.base_tree)
    if progress.ended.status != "completed":
        return _end_step(progress, "failed", _error_text(progress))
    for check in progress.checks:
        if not check.passed:
            code = "was stopped" if check.exit_code is None else f"exited {check.exit_code}"
            output = check.output[-MAX_OUTPUT_CHARS:]
            return _end_step(
                progress, "rejected", f"`{check_command(step, check.index)}` {code}:\n{output}"
            )
    if len(progress.checks) < len(step.checks):
        return RunCheck(step, progress.attempt, len(progress.checks))
    rejection = _verdict(step, progress)
    if rejection is not None:
        return _end_step(progress, "rejected", rejection)
    return _end_step(progress, "passed", "")


def check_command(step: AgentStep, index: int) -> str:
    """Return the command line of a step's check."""
    return step.checks[index].command


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
    if decision is not None:
        if decision.verdict == "approve":
            return _end_step(progress, "passed", decision.note)
        return _end_step(
            progress, "rejected", decision.note or f"{decision.actor.name} rejected it."
        )
    tree = state.files.tree if state.files is not None else ""
    bound = f"{state.run_id}\n{step.id}\n{progress.attempt}\n{tree}"
    gate = GateOpened(
        gate_id=f"g{state.gates_opened + 1}",
        reason="approval_required",
        subject=step.id,
        question=f"{step.title}: {state.subject.task.title}",
        digest=hashlib.sha256(bound.encode()).hexdigest(),
        asked_by=f"workflow {state.subject.workflow.id}",
        requested_by=state.created.actor,
        bill=state.bill,
    )
    return Append((gate,))


def _completed(state: TaskState) -> RunCompleted:
    commit = state.commit
    value = {
        "branch": commit.branch if commit is not None else None,
        "commit": commit.commit if commit is not None else None,
        "files": [change.path for change in state.files.changes] if state.files else [],
    }
    return RunCompleted(
        output=StructuredOutput.model_validate({"value": value}),
        cost_usd=state.bill.total_usd,
        usage=state.usage,
    )


def _cancelled(state: TaskState) -> RunCancelled:
    name = state.cancellation.actor.name if state.cancellation is not None else "nobody"
    output = ErrorOutput(message=f"Task cancelled by {name}", code="cancelled")
    return RunCancelled(output=output, cost_usd=state.bill.total_usd, usage=state.usage)
