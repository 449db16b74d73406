"""Tasks as lines for people and as JSON for programs."""

from collections.abc import Iterator

from callboard.cli.plain import one_line, plain
from callboard.cli.text import dollars, duration, money
from callboard.domain.org.task import Comment
from callboard.usecases.board import TaskView

_WORDS = {
    "on_track": "on track",
    "at_risk": "at risk",
    "over_budget": "over budget",
    "needs_person": "needs a person",
    "not_started": "not started",
}


def cells(view: TaskView) -> tuple[str, ...]:
    """Return a task as the cells of a table."""
    task, standing = view.task, view.standing
    return (
        task.key,
        task.state.replace("_", " "),
        _WORDS.get(standing.health, standing.health),
        money(view.bill) if task.runs else "",
        plain(task.title),
        plain(standing.sentence),
    )


def told(view: TaskView) -> Iterator[str]:
    """Return a task as lines."""
    task, standing = view.task, view.standing
    health = _WORDS.get(standing.health, standing.health)
    yield f"{task.key}  {one_line(task.title, 200)}"
    yield f"  {task.state.replace('_', ' ')}, {health}: {plain(standing.sentence)}"
    if task.brief:
        yield f"  {plain(task.brief)}"
    for criterion in task.criteria:
        yield f"  done when: {plain(criterion)}"
    facts = [f"space {task.space}", f"workflow {task.workflow}", f"priority {task.priority}"]
    if task.labels:
        facts.append(f"labels {', '.join(task.labels)}")
    if task.owner:
        facts.append(f"owner {task.owner}")
    yield f"  {'; '.join(facts)}"
    if task.depends_on or view.blocks:
        yield f"  needs {_keys(task.depends_on)}; needed by {_keys(view.blocks)}"
    if view.subtasks:
        done, of = view.progress
        yield f"  {done} of {of} subtasks done: {_keys([one.key for one in view.subtasks])}"
    if task.runs:
        yield f"  {_spent(view)}"
        yield f"  runs: {', '.join(task.runs)}"


def _keys(keys: tuple[str, ...] | list[str]) -> str:
    return ", ".join(keys) or "nothing"


def _spent(view: TaskView) -> str:
    standing, budget = view.standing, view.task.budget_usd
    spent = money(view.bill) + (f" of {dollars(budget)}" if budget is not None else "")
    line = f"{spent} in {duration(standing.elapsed_s)}"
    if standing.left_s is not None:
        line += f", about {duration(standing.left_s)} left"
    if standing.left_usd is not None:
        line += f" and {dollars(standing.left_usd)}"
    return line


def task_json(view: TaskView) -> dict[str, object]:
    """Return a task as JSON."""
    task, standing = view.task, view.standing
    done, of = view.progress
    return {
        **task.model_dump(mode="json"),
        "health": standing.health,
        "sentence": standing.sentence,
        "next_actor": standing.next_actor,
        "since": standing.since.isoformat(),
        "step": view.row.step if view.row is not None else None,
        "cost_usd": None if view.bill.total_usd is None else float(view.bill.total_usd),
        "elapsed_s": standing.elapsed_s,
        "left_s": standing.left_s,
        "left_usd": None if standing.left_usd is None else float(standing.left_usd),
        "blocks": list(view.blocks),
        "subtasks": [one.key for one in view.subtasks],
        "subtasks_done": done,
        "subtasks_total": of,
    }


def comment_json(comment: Comment) -> dict[str, object]:
    """Return a comment as JSON."""
    return comment.model_dump(mode="json", exclude={"task", "space"})
