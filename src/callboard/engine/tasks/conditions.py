"""Whether a step is needed, told from the task and from what it changed."""

from collections.abc import Sequence

from callboard.domain.workflow import Condition, Task
from callboard.engine.globs import glob_matches


def unmet(condition: Condition, task: Task, changed: Sequence[str]) -> str:
    """Return why a condition does not hold; nothing where it does."""
    paths, labels = condition.paths, condition.labels
    if paths and not any(glob_matches(glob, path) for path in changed for glob in paths):
        return f"no changed file matches {_either(paths)}"
    if labels and not set(labels) & set(task.labels):
        return f"the task is not labelled {_either(labels)}"
    if condition.priority and task.priority not in condition.priority:
        return f"the task's priority is {task.priority}, not {_either(condition.priority)}"
    alternatives = [unmet(one, task, changed) for one in condition.any]
    if alternatives and all(alternatives):
        return "; ".join(alternatives)
    for one in condition.none:
        if not unmet(one, task, changed):
            return f"{met(one)}"
    return ""


def met(condition: Condition) -> str:
    """Return a condition that holds, in words."""
    parts: list[str] = []
    if condition.paths:
        parts.append(f"a changed file matches {_either(condition.paths)}")
    if condition.labels:
        parts.append(f"the task is labelled {_either(condition.labels)}")
    if condition.priority:
        parts.append(f"the task's priority is {_either(condition.priority)}")
    parts += [f"({' or '.join(met(one) for one in condition.any)})"] if condition.any else []
    parts += [f"not ({met(one)})" for one in condition.none]
    return " and ".join(parts)


def _either(words: Sequence[str]) -> str:
    return " or ".join(words)
