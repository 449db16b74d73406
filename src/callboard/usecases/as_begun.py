"""Going on with runs of no task as they were begun: at the place where their directory is, with the definitions that
belong to it.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.errors import ConfigurationInvalid
from callboard.domain.events.run import AgentSubject, RunCreated
from callboard.domain.org.run_origin import RUN_ORIGINS, RunOrigin
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
    found = await _fitting(app, run_id, state, or_own=or_own)
    try:
        yield found
    finally:
        if found.driver is not app.driver:
            await found.driver.close()


async def _fitting(app: App, run_id: str, state: RunState | TaskState, *, or_own: bool) -> App:
    created = state.created
    origin = await _origin(app, run_id)
    if origin.brings and not (or_own and app.brings):
        message = "the program that began it brought agents, tools or providers of its own"
        raise ConfigurationInvalid(message)
    if created.folders or not await app.ports.workspaces.is_copy(created.workspace):
        _require_place(app, origin, created)
        if app.elsewhere is not None:
            try:
                found = app.elsewhere(created.workspace, created.folders)
                await _require_parts(found, state)
            except ConfigurationInvalid:
                if not or_own:
                    raise
            else:
                return found
    await _require_parts(app, state)
    return app


async def _origin(app: App, run_id: str) -> RunOrigin:
    kept = await app.records.get(RUN_ORIGINS, run_id)
    return RunOrigin(run_id=run_id) if kept is None else kept.value


def _require_place(app: App, origin: RunOrigin, created: RunCreated) -> None:
    """Do nothing where a run that is bound to a directory, or to folders with definitions, was begun at this place."""
    if origin.place == app.place:
        return
    of_another = (
        f"{created.workspace} is a directory of another machine, or of another CALLBOARD_HOME"
    )
    raise ConfigurationInvalid(of_another if origin.place else "nobody noted where it was begun")


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
