"""What a step's agent is told: the task, what came back, and the change so far."""

import json
from collections.abc import Iterable, Sequence

from callboard.domain.events.workflow import StepEnded
from callboard.domain.output import LastMessage, RunOutput, StructuredOutput
from callboard.domain.task_run.state import TaskState
from callboard.domain.workflow import AgentStep, ContextItem
from callboard.engine.tasks.evidence import wording
from callboard.engine.tasks.order import precedents

MAX_DIFF_CHARS = 60_000
MAX_OUTPUT_CHARS = 8_000


def step_prompt(state: TaskState, step: AgentStep) -> str:
    """Return the prompt of a step's next attempt."""
    task = state.subject.task
    sections = [f"Task: {task.title}"]
    if task.description:
        sections.append(task.description)
    if task.criteria:
        sections.append("It is done when:\n" + _listed(task.criteria))
    sections += _context(task.context)
    if step.instructions:
        sections.append(step.instructions)
    sections += [f"{title} found:\n{text}" for title, text in _found(state, step)]
    if step.checks:
        made = _listed(wording(check) for check in step.checks)
        sections.append(f"When you end, the engine itself verifies:\n{made}")
    if state.comments:
        said = _listed(f"{one.actor.name}: {one.text}" for one in state.comments)
        sections.append(f"What people said about the task:\n{said}")
    if state.rejections and step.verdict is None:
        sections.append(_feedback(state, state.rejections))
    if step.verdict is not None:
        sections.append(_change(state))
    return "\n\n".join(sections)


def _listed(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _context(context: Sequence[ContextItem]) -> list[str]:
    """Return what is to be read before the work begins."""
    named = [item for item in context if item.kind != "text"]
    texts = [item for item in context if item.kind == "text"]
    sections: list[str] = []
    if named:
        read = _listed(
            f"{item.kind} {item.value}{f' ({item.title})' if item.title else ''}" for item in named
        )
        sections.append(f"Read these first:\n{read}")
    return sections + [f"{item.title or 'Given with the task'}:\n{item.value}" for item in texts]


def _found(state: TaskState, step: AgentStep) -> list[tuple[str, str]]:
    """Return what the steps before this one found out, by their titles. A judge is told no other judge's mind."""
    workflow = state.subject.workflow
    before = precedents(workflow, step.id) - {step.id}
    titles = {
        one.id: one.title
        for one in workflow.steps
        if one.id in before
        if isinstance(one, AgentStep) and one.verdict is None
    }
    return [
        (titles[name], text[:MAX_OUTPUT_CHARS])
        for name, output in state.findings
        if name in titles and (text := _text_of(output))
    ]


def _text_of(output: RunOutput) -> str:
    match output:
        case LastMessage():
            return output.text
        case StructuredOutput():
            return json.dumps(output.value, indent=2, ensure_ascii=False)
        case _:
            return ""


def _feedback(state: TaskState, rejections: Sequence[StepEnded]) -> str:
    last = rejections[-1]
    titles = {step.id: step.title for step in state.subject.workflow.steps}
    told = (
        f'The work was sent back at "{titles[last.step]}" (attempt {last.attempt}). Your earlier changes '
        f"are still in the workspace. Reason:\n{last.reason}"
    )
    earlier = [_first_line(one.reason) for one in rejections[:-1]]
    if not earlier:
        return told
    return f"{told}\n\nIt was sent back before:\n{_listed(earlier[-5:])}"


def _first_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[0][:300] if lines else "(no reason given)"


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
        f"{ended.step}: {ended.outcome} (attempt {ended.attempt})"
        for ended in state.history
        if isinstance(ended, StepEnded)
    )
    body = f"{task.description}\n\n" if task.description else ""
    return f"{task.title}\n\n{body}{done}\n\nCallboard-Run: {state.run_id}\n"
