"""Which queued tasks begin now: what they depend on is done, there is room, and no space waits for another."""

from collections import Counter
from collections.abc import Mapping, Sequence

from callboard.domain.org.task import TaskRecord
from callboard.domain.submission import RANK


def startable(
    queued: Sequence[TaskRecord],
    under_way: Mapping[str, int],
    done: frozenset[str],
    rooms: Mapping[str, int],
    places: int,
) -> list[TaskRecord]:
    """Return the tasks to begin now, the first first.

    `under_way` counts the tasks of a space that take a place, `rooms` says how many may at a time (a space that is
    not named: none), `places` how many may begin in all. Free places go one by one to the space with the fewest tasks
    under way, within a space to the most urgent task, then to the one that has waited longest.
    """
    busy = Counter(under_way)
    waiting: dict[str, list[TaskRecord]] = {}
    for task in sorted(queued, key=_order):
        if done.issuperset(task.depends_on):
            waiting.setdefault(task.space, []).append(task)
    chosen: list[TaskRecord] = []
    while len(chosen) < places:
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
    return (RANK[task.priority], task.queued_at or task.created_at, task.number)


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
