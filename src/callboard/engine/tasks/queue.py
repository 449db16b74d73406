"""Which queued tasks begin now: what they depend on is done, there is room, and no space waits for another."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from callboard.domain.org.task import TaskRecord
from callboard.domain.workflow import Priority

_RANK: Final[dict[Priority, int]] = {"urgent": 0, "high": 1, "normal": 2, "low": 3}


def startable(
    queued: Sequence[TaskRecord],
    under_way: Sequence[TaskRecord],
    done: frozenset[str],
    rooms: Mapping[str, int],
    at_once: int,
) -> list[TaskRecord]:
    """Return the tasks to begin now, the first first.

    `rooms` says how many tasks of a space may be under way at a time (a space that is not named: none), `at_once`
    how many of all. Free places go one by one to the space with the fewest tasks under way, within a space to the
    most urgent task, then to the one that has waited longest.
    """
    busy = Counter(task.space for task in under_way)
    waiting: dict[str, list[TaskRecord]] = {}
    for task in sorted(queued, key=_order):
        if done.issuperset(task.depends_on):
            waiting.setdefault(task.space, []).append(task)
    chosen: list[TaskRecord] = []
    while len(under_way) + len(chosen) < at_once:
        open_spaces = [
            space for space, tasks in waiting.items() if tasks and busy[space] < rooms.get(space, 0)
        ]
        if not open_spaces:
            break
        space = min(open_spaces, key=lambda name: (busy[name], _order(waiting[name][0]), name))
        chosen.append(waiting[space].pop(0))
        busy[space] += 1
    return chosen


def _order(task: TaskRecord) -> tuple[object, ...]:
    return (_RANK[task.priority], task.queued_at or task.created_at, task.number)


def dependency_circle(needs: Mapping[str, Sequence[str]], start: str) -> tuple[str, ...]:
    """Return the way from a task over what it depends on back to itself; nothing where there is none."""
    todo: list[tuple[str, ...]] = [(start,)]
    seen: set[str] = set()
    while todo:
        path = todo.pop()
        for needed in needs.get(path[-1], ()):
            if needed == start:
                return (*path, start)
            if needed not in seen:
                seen.add(needed)
                todo.append((*path, needed))
    return ()
