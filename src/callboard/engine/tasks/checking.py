"""Taking up a step's checks one after the other, and what the ones that failed say."""

from callboard.domain.events.workflow import CheckCompleted, CheckStarted
from callboard.domain.evidence import CommandCheck, DiffCheck, OutputCheck, PersonCheck
from callboard.domain.task_run.state import StepProgress, TaskState
from callboard.domain.workflow import AgentStep
from callboard.engine.commands import Append
from callboard.engine.tasks.commands import RunCheck
from callboard.engine.tasks.evidence import Found, judge_diff, judge_output, wording
from callboard.engine.tasks.people import approved, question_gate, said
from callboard.engine.tasks.prompts import MAX_OUTPUT_CHARS


def check_next(state: TaskState, step: AgentStep, progress: StepProgress) -> Append | RunCheck:
    """Return how to verify the first check that is not verified yet."""
    index = len(progress.checks)
    check = step.checks[index]
    match check:
        case DiffCheck():
            return _judged(step, progress, judge_diff(check, state.files))
        case OutputCheck():
            output = progress.ended.output if progress.ended is not None else None
            return _judged(step, progress, judge_output(check, output))
        case PersonCheck() if progress.decision is None:
            return Append((question_gate(state, step, progress, check.question),))
        case PersonCheck() if progress.decision is not None:
            closing = progress.decision
            return _judged(step, progress, Found(approved(closing), said(closing)))
        case _:
            return RunCheck(step, progress.attempt, index)


def rejection(step: AgentStep, progress: StepProgress) -> str:
    """Return why the checks verified so far reject the work; nothing where they do not."""
    for check in progress.checks:
        if check.passed:
            continue
        of = step.checks[check.index]
        if not isinstance(of, CommandCheck):
            return f"{wording(of)}: {check.output[-MAX_OUTPUT_CHARS:]}"
        code = "was stopped" if check.exit_code is None else f"exited {check.exit_code}"
        return f"`{of.command}` {code}:\n{check.output[-MAX_OUTPUT_CHARS:]}"
    return ""


def _judged(step: AgentStep, progress: StepProgress, found: Found) -> Append:
    index = len(progress.checks)
    place = {"step": step.id, "attempt": progress.attempt, "index": index}
    begun = CheckStarted.model_validate({**place, "command": wording(step.checks[index])})
    done = CheckCompleted.model_validate(
        {**place, "passed": found.passed, "exit_code": None, "output": found.text}
    )
    return Append((begun, done))
