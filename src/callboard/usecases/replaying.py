"""Replaying: a version of an agent does again what its versions before did, and the same checks judge it."""

from dataclasses import dataclass

from callboard.domain.attempt_row import Attempt
from callboard.domain.definition.agent import AgentDefinition, Limits
from callboard.domain.errors import CallboardError, ConfigurationInvalid, LogCorrupt
from callboard.domain.events.child_run import ChildRunStarted
from callboard.domain.events.codec import Recorded
from callboard.domain.events.files import FilesChanged
from callboard.domain.events.run import AgentSubject, RunCompleted, RunCreated
from callboard.domain.org.principal import Principal
from callboard.domain.org.roster import RosterAgent, RosterVersion
from callboard.domain.task_run.fold import fold_task
from callboard.domain.task_run.state import TaskState
from callboard.domain.workflow import AgentStep
from callboard.engine.limits import effective_limits
from callboard.engine.replays import Replay, Replayed, Skipped
from callboard.engine.tasks.order import step_named
from callboard.ports.event_store import AttemptsWanted
from callboard.runtime.children import Ended
from callboard.runtime.creation import AgentStart, agent_created
from callboard.runtime.judging import Judgement, judged
from callboard.runtime.reading import load
from callboard.usecases.app import App
from callboard.usecases.reachable import require_provider
from callboard.usecases.roster_moves import proposed
from callboard.usecases.roster_reading import require_agent, version_of
from callboard.usecases.runs import cancel_run

MOST = 50
"""How many inputs are replayed at most."""


@dataclass(frozen=True, slots=True)
class _Input:
    """What an attempt began with: the state of its task, and the first event of its run."""

    attempt: Attempt
    task: TaskState
    step: AgentStep
    created: RunCreated
    subject: AgentSubject


@dataclass(frozen=True, slots=True)
class _Rehearsal:
    """A replay that is over: its run, where it worked, and how it stands."""

    run_id: str
    place: str
    ended: Ended


async def replay_agent(
    app: App, who: Principal, agent_id: str, number: int | None = None, *, count: int = 5
) -> Replay:
    """Let a version (None: the one that would be promoted) do again what other versions did last, each input in a
    private copy of the files as they were then, and judge it by the checks of its step.

    Models are really asked, and tools really run; nothing of it counts for a task.

    Raises:
        UnknownThing: there is no such agent or version, or none that they see.
        ConfigurationInvalid: the count is not from 1 to 50, or a model cannot be reached.
    """
    kept = await require_agent(app, who, "agent.publish", agent_id)
    if not 1 <= count <= MOST:
        raise ConfigurationInvalid(f"{count} inputs: replay 1 to {MOST}")
    version = await version_of(app, agent_id, number or proposed(kept.value))
    attempts = await past_attempts(app, who, kept.value, version, count)
    if attempts:
        definition = version.definition
        await require_provider(app, definition, await app.ports.names.chain(definition))
    done = [await _replayed(app, who, version.definition, attempt) for attempt in attempts]
    return Replay(
        agent_id,
        version.number,
        tuple(one for one in done if isinstance(one, Replayed)),
        tuple(one for one in done if isinstance(one, Skipped)),
    )


async def past_attempts(
    app: App, who: Principal, agent: RosterAgent, version: RosterVersion, count: int
) -> list[Attempt]:
    """Return the last attempts that other versions made, the latest first, of each step of a task one."""
    await require_agent(app, who, "agent.publish", agent.id)
    found = await app.ports.store.attempts(AttemptsWanted(spaces=agent.spaces, agent=agent.id))
    chosen: dict[tuple[str, str], Attempt] = {}
    for one in reversed(found):
        if one.row is not None and one.digest != version.digest:
            chosen.setdefault((one.task or one.run_id, one.step), one)
    return list(chosen.values())[:count]


async def _replayed(
    app: App, who: Principal, definition: AgentDefinition, attempt: Attempt
) -> Replayed | Skipped:
    run_id = f"replay-{app.ids.run_id()}"
    place = f"{app.copies}/{run_id}"
    try:
        given = await _input(app, attempt)
        tree = given.task.progress.tree if given.task.progress is not None else ""
        await app.ports.workspaces.branch(given.created.workspace, tree, place)
    except CallboardError as error:
        return Skipped(attempt.run_id, str(error))
    began = app.ports.clock.monotonic()
    start = _start(who, definition, given, place)
    ended = await app.driver.start(run_id, await agent_created(app.ports, start))
    took = app.ports.clock.monotonic() - began
    judgement = await _judgement(app, who, given, _Rehearsal(run_id, place, ended))
    return Replayed(attempt, run_id, judgement.passed, judgement.reason, ended.bill.total_usd, took)


async def _input(app: App, attempt: Attempt) -> _Input:
    """Return what an attempt began with.

    Raises:
        LogCorrupt: that is not in the logs.
    """
    first = (await load(app.ports.store, attempt.run_id))[0].event
    if not isinstance(first, RunCreated) or not isinstance(first.subject, AgentSubject):
        raise LogCorrupt(f"run {attempt.run_id} is no agent's")
    parent = first.parent.run_id if first.parent is not None else ""
    task = fold_task(_until(await load(app.ports.store, parent), attempt.run_id))
    step = step_named(task.subject.workflow, attempt.step)
    if not isinstance(step, AgentStep):
        raise LogCorrupt(f"step {attempt.step} of {parent} is no agent's")
    return _Input(attempt, task, step, first, first.subject)


def _until(entries: list[Recorded], run_id: str) -> list[Recorded]:
    """Return the part of a task's log up to the beginning of a run below it."""
    for place, entry in enumerate(entries):
        if isinstance(entry.event, ChildRunStarted) and entry.event.child_run_id == run_id:
            return entries[: place + 1]
    raise LogCorrupt(f"run {run_id} does not begin in the log of its task")


def _start(who: Principal, definition: AgentDefinition, given: _Input, place: str) -> AgentStart:
    """Return how a replay begins: as the attempt did, with the bounds that it had. It serves no task."""
    past = given.created.limits
    bounds = Limits(turns=past.turns, cost_usd=past.cost_usd, wall_time_s=given.step.timeout_s)
    return AgentStart(
        definition,
        who.actor,
        place,
        effective_limits(definition.limits, bounds),
        prompt=given.subject.prompt,
        params=given.subject.params,
        attachments=given.subject.attachments,
        space=given.created.space,
    )


async def _judgement(app: App, who: Principal, given: _Input, rehearsal: _Rehearsal) -> Judgement:
    """Return what came of a replay. One that waits for somebody is ended: nobody is asked about a rehearsal."""
    ended = rehearsal.ended
    if ended.terminal is None:
        question = ended.waiting[1] if ended.waiting is not None else "nobody knows for what"
        await cancel_run(app, who, rehearsal.run_id, reason="a replay waits for nobody")
        return Judgement(passed=False, reason=f"it waits for a person: {question}")
    if not isinstance(ended.terminal, RunCompleted):
        return Judgement(passed=False, reason=ended.terminal.output.message)
    workspace = await app.ports.workspaces.open(rehearsal.place)
    try:
        snapshot = await workspace.snapshots.record(given.task.subject.base_tree)
        files = FilesChanged(
            turn=0,
            base_tree=snapshot.base_tree,
            tree=snapshot.tree,
            changes=snapshot.changes,
            diff=snapshot.diff,
        )
        output = ended.terminal.output
        return await judged(given.step, output, files, workspace, app.ports.fetcher)
    finally:
        await workspace.close()
