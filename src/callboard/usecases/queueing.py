"""The life of a task: started by somebody, begun when its time has come, ended as its run does."""

from callboard.domain.definition.agent import Limits
from callboard.domain.errors import ConfigurationInvalid, RecordConflict, RunArchived
from callboard.domain.events.run import RunCompleted
from callboard.domain.org.principal import Principal, as_owner
from callboard.domain.org.space import SPACES
from callboard.domain.org.task import COMMENTS, ENDED, TASKS, TaskRecord, TaskState
from callboard.domain.output import ErrorOutput, StructuredOutput
from callboard.domain.record import Kept
from callboard.domain.run_row import RunRow
from callboard.domain.workflow import ContextItem, Landing, Task
from callboard.ports.records import Wanted
from callboard.runtime.children import Ended
from callboard.runtime.reading import load
from callboard.usecases.app import App
from callboard.usecases.attachments import given_files
from callboard.usecases.recording import write
from callboard.usecases.runs import cancel_run
from callboard.usecases.start_task import StartTask, start_task
from callboard.usecases.tasks import require_task
from callboard.usecases.workflows import find_workflow

_STARTABLE: tuple[TaskState, ...] = ("open", "failed", "cancelled")


async def queue_task(app: App, who: Principal, key: str) -> TaskRecord:
    """Start a task, or a failed or cancelled one again: it begins when what it depends on is done and there is
    room for it.

    Raises:
        UnknownThing: no such task, or its workflow is gone.
        ConfigurationInvalid: it is started already, or done.
    """
    kept = await require_task(app, who, "task.manage", key)
    if kept.value.state not in _STARTABLE:
        raise ConfigurationInvalid(f"{key} is {kept.value.state.replace('_', ' ')} already")
    await find_workflow(app, who, kept.value.workflow)
    task = kept.value.model_copy(
        update={
            "state": "queued",
            "queued_at": app.ports.clock.now(),
            "started_by": who.actor,
            "ended_at": None,
            "outcome": "",
        }
    )
    await write(app, who, "task.manage", TASKS.put(task, over=kept))
    await app.dispatcher.knock()
    return task


async def cancel_task(app: App, who: Principal, key: str, reason: str = "") -> TaskRecord:
    """End a task, and its run where there is one.

    Raises:
        UnknownThing: no such task, or none that they see.
        ConfigurationInvalid: it has ended already.
    """
    kept = await require_task(app, who, "task.manage", key)
    task = kept.value
    if task.state in ENDED:
        raise ConfigurationInvalid(f"{key} is {task.state} already")
    if task.state == "under_way" and task.run_id is not None:
        if await app.ports.store.row(task.run_id) is not None:
            await cancel_run(app, who, task.run_id, reason=reason)
        ended = await _settled(app, who, kept)
        await app.dispatcher.knock()
        return ended
    outcome = reason or f"by {who.actor.name}"
    return await _end(app, who, kept, "cancelled", outcome)


async def _settled(app: App, who: Principal, kept: Kept[TaskRecord]) -> TaskRecord:
    """Let a task end as its run did, unless the worker that drove the run was faster."""
    try:
        return await settle(app, who, kept)
    except RecordConflict:
        now = await app.records.get(TASKS, kept.value.key)
        if now is None or now.value.state not in ENDED:
            raise
        return now.value


async def begin(app: App, kept: Kept[TaskRecord]) -> TaskRecord | None:
    """Take a queued task for a new run; None where another worker was faster."""
    task = kept.value
    run_id = f"{task.key}-{len(task.runs) + 1}"
    begun = task.model_copy(update={"state": "under_way", "runs": (*task.runs, run_id)})
    try:
        await write(app, _starter(task), "task.manage", TASKS.put(begun, over=kept))
    except RecordConflict:
        return None
    return begun


async def drive_task(app: App, task: TaskRecord) -> Ended:
    """Create the run of a task that began, unless it is there, and drive it until it ends or waits.

    Raises:
        ConfigurationInvalid: the repository or the workflow cannot be used.
    """
    run_id = task.run_id or ""
    if await app.ports.store.row(run_id) is not None:
        return await app.driver.drive(run_id)
    who = _starter(task)
    flow = await find_workflow(app, who, task.workflow)
    texts, looked_at = await given_files(app, task)
    started = start_task(
        app,
        who,
        StartTask(
            run_id=run_id,
            task=Task(
                title=task.title,
                description=task.brief,
                criteria=task.criteria,
                context=(*task.context, *texts, *await _said(app, task)),
                labels=task.labels,
                priority=task.priority,
            ),
            workflow=flow.definition,
            repository=task.repository,
            limits=Limits(cost_usd=task.budget_usd),
            space=task.space,
            key=task.key,
            pinned=False,
            landing=await _landing(app, task),
            version=flow.version,
            on_limit="wait",
            attachments=looked_at,
        ),
    )
    return await started


async def _landing(app: App, task: TaskRecord) -> Landing:
    space = await app.records.get(SPACES, task.space)
    return space.value.landing if space is not None else "branch"


async def _said(app: App, task: TaskRecord) -> list[ContextItem]:
    """Return what was said before the task began, for its agents to read."""
    found = await app.records.find(COMMENTS, Wanted(prefix=f"{task.key}/"))
    return [
        ContextItem(kind="text", title=f"{kept.value.actor.name} said", value=kept.value.text)
        for kept in found
    ]


async def settle(app: App, by: Principal, kept: Kept[TaskRecord]) -> TaskRecord:
    """Let a task end as its run did; one whose run goes on stays as it is."""
    task = kept.value
    row = await app.ports.store.row(task.run_id) if task.run_id is not None else None
    if row is None or row.ended_at is None:
        return task
    states: dict[str, TaskState] = {"completed": "done", "cancelled": "cancelled"}
    outcome = await _outcome(app, row)
    return await _end(app, by, kept, states.get(row.status, "failed"), outcome)


async def fail(app: App, kept: Kept[TaskRecord], reason: str) -> TaskRecord:
    """Let a task fail that could not even begin."""
    return await _end(app, _starter(kept.value), kept, "failed", reason)


async def _end(
    app: App, who: Principal, kept: Kept[TaskRecord], state: TaskState, outcome: str
) -> TaskRecord:
    now = app.ports.clock.now()
    task = kept.value.model_copy(
        update={"state": state, "ended_at": now, "outcome": outcome[:2_000]}
    )
    await write(app, who, "task.manage", TASKS.put(task, over=kept))
    return task


async def _outcome(app: App, row: RunRow) -> str:
    """Return how a run ended, in a line: where the change is, or what went wrong."""
    try:
        terminal = (await load(app.ports.store, row.run_id))[-1].event
    except RunArchived as away:
        return str(away)
    output = getattr(terminal, "output", None)
    if isinstance(terminal, RunCompleted) and isinstance(output, StructuredOutput):
        value = output.value if isinstance(output.value, dict) else {}
        branch, url, problem = (value.get(name) for name in ("branch", "url", "problem"))
        where = f"on branch {branch}" if branch else "nothing was changed"
        seen = f", {url}" if url else ""
        return f"{where}{seen}" + (f"; it could not be handed on: {problem}" if problem else "")
    return output.message if isinstance(output, ErrorOutput) else ""


def _starter(task: TaskRecord) -> Principal:
    """Return whoever started a task, with what its run needs: it was theirs to start, and the worker carries it
    out in their name.
    """
    return as_owner(task.started_by or task.created_by)
