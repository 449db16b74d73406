"""Going on with runs of no task as they were begun: at the place where their directory is, with the definitions that
belong to it.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.errors import ConfigurationInvalid
from callboard.domain.events.run import AgentSubject, RunCreated
from callboard.domain.org.run_origin import RUN_ORIGINS
from callboard.domain.run.state import RunState
from callboard.domain.task_run.state import TaskState
from callboard.runtime.children import Ended
from callboard.runtime.offered import known_agent
from callboard.runtime.reading import load
from callboard.runtime.standing import fold_any
from callboard.usecases.app import App
from callboard.usecases.run_origins import drive_noted
from callboard.usecases.runs import require_models


async def go_on(app: App, run_id: str, ready: Callable[[], None] | None = None) -> Ended:
    """Drive a run because somebody asked this process to. `ready` is called when nothing is known to be in the way.

    Where nobody named folders for its definitions, and those of its directory are not to be had or lack what it names,
    this process goes on with its own: it may have begun the run with them.

    Raises:
        ConfigurationInvalid: it cannot go on here; nothing was changed.
        RunBusy: a living process drives it.
    """
    entries = await load(app.ports.store, run_id)
    state = fold_any(entries)
    async with app_of(app, run_id, state, or_own=not state.created.folders) as fitting:
        await require_models(fitting, entries)
        if ready is not None:
            ready()
        return await drive_noted(fitting, run_id)


@asynccontextmanager
async def app_of(
    app: App, run_id: str, state: RunState | TaskState, *, or_own: bool = False
) -> AsyncGenerator[App]:
    """Give the app with the definitions that a run was begun with; `or_own`: with its own where those do not do.

    Raises:
        ConfigurationInvalid: they, a tool or the directory that it works in are not to be had here.
    """
    await _require_place(app, run_id, state.created, or_own=or_own)
    found = await _fitting(app, state, or_own=or_own)
    try:
        yield found
    finally:
        if found.driver is not app.driver:
            await found.driver.close()


async def _require_place(app: App, run_id: str, created: RunCreated, *, or_own: bool) -> None:
    kept = await app.records.get(RUN_ORIGINS, run_id)
    is_ours = or_own and app.brings
    if kept is not None and kept.value.brings and not is_ours:
        message = "the program that began it brought agents, tools or providers of its own"
        raise ConfigurationInvalid(message)
    place = "" if kept is None else kept.value.place
    if place != app.place and not await _is_anywhere(app, created):
        of_another = (
            f"{created.workspace} is a directory of another machine, or of another CALLBOARD_HOME"
        )
        raise ConfigurationInvalid(of_another if place else "nobody noted where it was begun")


async def _is_anywhere(app: App, created: RunCreated) -> bool:
    """Return whether a run can go on at any place: in a private copy, with definitions that everybody has."""
    return not created.folders and await app.ports.workspaces.is_copy(created.workspace)


async def _fitting(app: App, state: RunState | TaskState, *, or_own: bool) -> App:
    created = state.created
    if app.elsewhere is None or await _is_anywhere(app, created):
        await _require_parts(app, state)
        return app
    try:
        found = app.elsewhere(created.workspace, created.folders)
        await _require_parts(found, state)
    except ConfigurationInvalid:
        if not or_own:
            raise
        await _require_parts(app, state)
        return app
    return found


async def _require_parts(app: App, state: RunState | TaskState) -> None:
    """Do nothing where all tools and agents are here that a run's agent names.

    Raises:
        ConfigurationInvalid: one is missing.
    """
    if isinstance(state.subject, AgentSubject):
        missing = await _missing(app, state.subject.definition, state.created.space)
        if missing:
            raise ConfigurationInvalid(f"it needs {', '.join(missing)}, which is not known here")


async def _missing(app: App, agent: AgentDefinition, space: str) -> list[str]:
    tools = [f"the tool {name}" for name in agent.tool_names if app.ports.tools.get(name) is None]
    asked = [known_agent(app.ports.registry, name, space) for name in agent.spawnable_agents]
    found = await asyncio.gather(*asked)
    named = zip(agent.spawnable_agents, found, strict=True)
    return tools + [f"the agent {name}" for name, known in named if known is None]
