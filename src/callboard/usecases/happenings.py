"""What an entry of the audit log means to people: tasks that begin and end, and words that name somebody."""

from typing import Final

from callboard.domain.org.notice import NoticeEvent
from callboard.domain.org.task import TASKS, TaskRecord
from callboard.domain.record import AuditEntry, Difference
from callboard.engine.notices import Happening
from callboard.usecases.app import App

_EVENTS: Final[dict[str, NoticeEvent]] = {
    "under_way": "task.started",
    "done": "task.ended",
    "cancelled": "task.ended",
    "failed": "task.failed",
}


async def happenings_in(app: App, entry: AuditEntry) -> list[Happening]:
    """Return what happened in an entry, as far as anybody is told of it."""
    found: list[Happening] = []
    for difference in entry.differences:
        if difference.kind == "task":
            found += await _of_task(app, entry, difference)
        elif difference.kind == "comment" and difference.before is None:
            found += await _of_comment(app, entry, difference)
    return found


async def _of_task(app: App, entry: AuditEntry, difference: Difference) -> list[Happening]:
    before, after = difference.before, difference.after
    if not isinstance(before, dict) or not isinstance(after, dict):
        return []
    state = after.get("state")
    event = _EVENTS.get(str(state)) if state != before.get("state") else None
    kept = await app.records.get(TASKS, difference.key)
    if event is None or kept is None:
        return []
    task = kept.value
    # the worker writes in the starter's name; an end is the starter's own doing only where they cancelled it
    own = state in ("under_way", "cancelled")
    outcome = str(after.get("outcome") or "")
    words = {"under_way": "Work has begun", "done": "Done", "failed": "Failed"}
    said = words.get(str(state), "Cancelled")
    return [
        Happening(
            id=f"audit-{entry.position}-{difference.key}",
            event=event,
            at=entry.at,
            space=task.space,
            entry=task.key,
            title=task.title,
            sentence=f"{said}: {outcome}." if outcome else f"{said}.",
            people=_concerned(task),
            actor=entry.actor if own else None,
            more={"task": task.key, "state": str(state), "outcome": outcome[:2_000]},
        )
    ]


async def _of_comment(app: App, entry: AuditEntry, difference: Difference) -> list[Happening]:
    said = difference.after
    if not isinstance(said, dict):
        return []
    mentions = said.get("mentions")
    kept = await app.records.get(TASKS, str(said.get("task")))
    if kept is None or not isinstance(mentions, list) or not mentions:
        return []
    task = kept.value
    named = [str(one).removeprefix("person:") for one in mentions]
    text = str(said.get("text"))
    return [
        Happening(
            id=f"audit-{entry.position}-{difference.key}",
            event="comment.mentioned",
            at=entry.at,
            space=task.space,
            entry=task.key,
            title=task.title,
            sentence=f"{entry.actor.name} said: {text[:1_500]}",
            people=frozenset(named),
            actor=entry.actor,
            more={"task": task.key, "mentions": [*named]},
        )
    ]


def _concerned(task: TaskRecord) -> frozenset[str]:
    """Return who follows a task: whoever wrote it down, started it or answers for it."""
    actors = (actor for actor in (task.created_by, task.started_by) if actor is not None)
    names = {actor.name for actor in actors if actor.kind == "person"}
    if task.owner is not None:
        names.add(task.owner.removeprefix("person:"))
    return frozenset(names)
