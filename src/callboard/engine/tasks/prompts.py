"""What a step's agent is told: the task, what came back, and the change so far."""

from callboard.domain.events.workflow import StepEnded
from callboard.domain.task_run.state import TaskState
from callboard.domain.workflow import AgentStep

MAX_DIFF_CHARS = 60_000
MAX_OUTPUT_CHARS = 8_000


def step_prompt(state: TaskState, step: AgentStep) -> str:
    """Return the prompt of a step's next attempt."""
    task = state.subject.task
    sections = [f"Task: {task.title}"]
    if task.description:
        sections.append(task.description)
    if step.checks:
        commands = "\n".join(f"- {check.command}" for check in step.checks)
        sections.append(f"When you end, the engine itself verifies:\n{commands}")
    rejections = [ended for ended in state.history if ended.outcome == "rejected"]
    if rejections and step.verdict is None:
        sections.append(_feedback(state, rejections))
    if step.verdict is not None:
        sections.append(_change(state))
    return "\n\n".join(sections)


def _feedback(state: TaskState, rejections: list[StepEnded]) -> str:
    last = rejections[-1]
    title = next(
        (step.title for step in state.subject.workflow.steps if step.id == last.step), last.step
    )
    return (
        f'The work was sent back at "{title}" (attempt {last.attempt}). Your earlier changes are still '
        f"in the workspace. Reason:\n{last.reason}"
    )


def _change(state: TaskState) -> str:
    files = state.files
    if files is None or not files.changes:
        return "No file was changed."
    listed = "\n".join(
        f"- {change.path} ({change.status}, +{change.added or 0} -{change.removed or 0})"
        for change in files.changes
    )
    diff = files.diff or ""
    if len(diff) > MAX_DIFF_CHARS:
        diff = f"{diff[:MAX_DIFF_CHARS]}\n[The diff goes on; read the files for the rest.]"
    return f"Files changed:\n{listed}\n\nThe change:\n```diff\n{diff}\n```"


def commit_message(state: TaskState) -> str:
    """Return the message of the commit that holds the task's change."""
    task = state.subject.task
    done = "\n".join(
        f"{ended.step}: {ended.outcome} (attempt {ended.attempt})" for ended in state.history
    )
    body = f"{task.description}\n\n" if task.description else ""
    return f"{task.title}\n\n{body}{done}\n\nCallboard-Run: {state.run_id}\n"
