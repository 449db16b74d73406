"""Tasks of a space: writing them down, changing them, saying something about them."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from callboard.domain.errors import ConfigurationInvalid, RecordConflict, UnknownThing
from callboard.domain.org.principal import Principal, in_space
from callboard.domain.org.space import SPACES, Space
from callboard.domain.org.task import COMMENTS, ENDED, TASKS, Comment, TaskRecord
from callboard.domain.record import Kept, Write
from callboard.domain.workflow import ContextItem, Priority
from callboard.engine.authority import Action
from callboard.engine.tasks.queue import dependency_circle
from callboard.ports.event_store import Signal
from callboard.ports.records import Wanted
from callboard.usecases.app import App, require
from callboard.usecases.checked import checked
from callboard.usecases.recording import write
from callboard.usecases.spaces import require_repository, require_space

_RETRIES: Final = 20
"""How often a new number is drawn where others create tasks at the same moment."""
_MENTION: Final = re.compile(r"(?<![\w@])@([a-z0-9][a-z0-9._-]*[a-z0-9]|[a-z0-9])")
_CHANGEABLE: Final = frozenset(
    {"title", "brief", "criteria", "context", "labels", "priority", "owner", "budget_usd"}
)


@dataclass(frozen=True, slots=True)
class NewTask:
    """What is to be done. Without `workflow` and `repository` those of the space hold."""

    title: str
    brief: str = ""
    criteria: tuple[str, ...] = ()
    context: tuple[ContextItem, ...] = ()
    labels: tuple[str, ...] = ()
    priority: Priority = "normal"
    parent: str | None = None
    depends_on: tuple[str, ...] = ()
    owner: str | None = None
    budget_usd: Decimal | None = None
    workflow: str | None = None
    repository: str | None = None


async def create_task(app: App, who: Principal, space_id: str, wish: NewTask) -> TaskRecord:
    """Write a task down, under the next key of its space.

    Raises:
        UnknownThing: no such space, or no such task to depend on.
        NotAllowed: they may not, or not in a repository of their choice.
        ConfigurationInvalid: a field does not fit, or there is no workflow or repository.
    """
    space = await require_space(app, who, "task.manage", space_id)
    require_repository(who, wish.repository, space.value)
    return await create_planned(app, who, space_id, wish)


async def create_planned(
    app: App,
    who: Principal,
    space_id: str,
    wish: NewTask,
    along: Callable[[TaskRecord], Sequence[Write]] | None = None,
) -> TaskRecord:
    """Write down a task as a template has it, whose repository was judged when somebody wrote that, and `along` with
    it what it says of the new task: both or neither.

    Raises:
        UnknownThing: no such space, or no such task to depend on.
        ConfigurationInvalid: a field does not fit, or there is no workflow or repository.
    """
    await require_space(app, who, "task.manage", space_id)
    await _check_links(app, who, (*wish.depends_on, *((wish.parent,) if wish.parent else ())))
    for _ in range(_RETRIES):
        space = await require_space(app, who, "task.manage", space_id)
        task = _task(app, who, space.value, wish)
        counted = space.value.model_copy(update={"next_task": space.value.next_task + 1})
        beside = () if along is None else along(task)
        writes = (TASKS.put(task), SPACES.put(counted, over=space), *beside)
        try:
            await write(app, who, "task.manage", *writes)
        except RecordConflict:
            continue
        return task
    raise RecordConflict(f"too many tasks are created in {space_id} at this moment; try again")


def _task(app: App, who: Principal, space: Space, wish: NewTask) -> TaskRecord:
    return checked(
        TaskRecord,
        key=f"{space.prefix}-{space.next_task}",
        space=space.id,
        title=wish.title,
        brief=wish.brief,
        criteria=wish.criteria,
        context=wish.context,
        labels=wish.labels,
        priority=wish.priority,
        parent=wish.parent,
        depends_on=tuple(dict.fromkeys(wish.depends_on)),
        owner=wish.owner,
        budget_usd=wish.budget_usd,
        workflow=_given(wish.workflow or space.workflow, "a workflow", space),
        repository=_given(wish.repository or space.repository, "a repository", space),
        created_by=who.actor,
        created_at=app.ports.clock.now(),
    )


def _given(value: str | None, what: str, space: Space) -> str:
    if value is None:
        raise ConfigurationInvalid(
            f"the task needs {what}: name one, or give {space.id} one (`callboard spaces set`)"
        )
    return value


async def change_task(app: App, who: Principal, key: str, **fields: object) -> TaskRecord:
    """Change what a task says: title, brief, criteria, context, labels, priority, owner, budget_usd. What is under
    way keeps what it began with; comments reach it.

    Raises:
        UnknownThing: no such task, or none that they see.
        ConfigurationInvalid: a field does not fit or cannot be changed.
        RecordConflict: somebody else changed it meanwhile.
    """
    kept = await require_task(app, who, "task.manage", key)
    strange = sorted(fields.keys() - _CHANGEABLE)
    if strange:
        raise ConfigurationInvalid(f"{', '.join(strange)} of a task cannot be changed")
    task = checked(TaskRecord, **(kept.value.model_dump() | fields))
    await write(app, who, "task.manage", TASKS.put(task, over=kept))
    return task


async def link_tasks(app: App, who: Principal, key: str, depends_on: Sequence[str]) -> TaskRecord:
    """Say what a task depends on: it begins when all of that is done.

    Raises:
        UnknownThing: no such task.
        ConfigurationInvalid: the tasks would wait for one another in a circle, or it began already.
    """
    kept = await require_task(app, who, "task.manage", key)
    if kept.value.state not in ("open", "queued"):
        raise ConfigurationInvalid(f"{key} began already: what it depends on is settled")
    await _check_links(app, who, depends_on)
    needs = {task.key: task.depends_on for task in await _every_task(app)}
    way = dependency_circle(needs | {key: tuple(depends_on)}, key)
    if way:
        raise ConfigurationInvalid(f"these would wait for one another: {' → '.join(way)}")
    task = kept.value.model_copy(update={"depends_on": tuple(dict.fromkeys(depends_on))})
    await write(app, who, "task.manage", TASKS.put(task, over=kept))
    return task


async def comment_on(app: App, who: Principal, key: str, text: str) -> Comment:
    """Say something about a task. It reaches the agents: those at work now, and all after them.

    Raises:
        UnknownThing: no such task, or none that they see.
        ConfigurationInvalid: there is nothing in it, or too much.
    """
    kept = await require_task(app, who, "task.comment", key)
    task = kept.value
    for _ in range(_RETRIES):
        earlier = await app.records.find(COMMENTS, Wanted(prefix=f"{key}/"))
        comment = checked(
            Comment,
            task=key,
            number=len(earlier) + 1,
            space=task.space,
            actor=who.actor,
            text=text.strip(),
            mentions=tuple(f"person:{name}" for name in dict.fromkeys(_MENTION.findall(text))),
            at=app.ports.clock.now(),
        )
        try:
            await write(app, who, "task.comment", COMMENTS.put(comment))
        except RecordConflict:
            continue
        await _tell_the_run(app, task, comment)
        return comment
    raise RecordConflict(f"too many people comment on {key} at this moment; try again")


async def _tell_the_run(app: App, task: TaskRecord, comment: Comment) -> None:
    if task.run_id is None or task.state in ENDED:
        return
    row = await app.ports.store.row(task.run_id)
    if row is None:  # it begins just now, and is told all comments there are then
        return
    signal = comment_signal(task.run_id, comment)
    await app.ports.store.signal(signal)
    app.driver.hear(signal)
    for child in await app.ports.store.children(task.run_id):
        if child.status == "running":
            told = Signal(
                child.run_id, signal.key, "steer", comment.actor, comment.at, comment.text
            )
            await app.ports.store.signal(told)
            app.driver.hear(told)


def comment_signal(run_id: str, comment: Comment) -> Signal:
    """Return a comment as the wish that reaches the task's run."""
    key = f"comment-{comment.number}"
    return Signal(run_id, key, "comment", comment.actor, comment.at, comment.text)


async def list_comments(app: App, who: Principal, key: str) -> list[Comment]:
    """Return what was said about a task, the oldest first.

    Raises:
        UnknownThing: no such task, or none that they see.
    """
    await require_task(app, who, "task.read", key)
    return [kept.value for kept in await app.records.find(COMMENTS, Wanted(prefix=f"{key}/"))]


async def require_task(app: App, who: Principal, action: Action, key: str) -> Kept[TaskRecord]:
    """Return a task, to whoever may take the action on it.

    Raises:
        UnknownThing: there is none, or none that they see.
        NotAllowed: they see it, and may not do this.
    """
    kept = await app.records.get(TASKS, key)
    if kept is None or not who.sees(kept.value.space):
        raise UnknownThing(f"there is no task {key!r} (see `callboard tasks list`)")
    require(who, action, in_space(kept.value.space))
    return kept


async def _check_links(app: App, who: Principal, keys: Sequence[str]) -> None:
    for key in keys:
        await require_task(app, who, "task.read", key)


async def _every_task(app: App) -> list[TaskRecord]:
    return [kept.value for kept in await app.records.find(TASKS)]
