"""Runs of no task whose process died: a worker goes on with them where that can be done as it was begun.

A run in somebody's own directory goes on in that directory only, on its own machine; what its process let go of on
purpose (a person interrupted it, a fork was never resumed) is theirs to resume.
"""

import asyncio
import logging

from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.errors import (
    CallboardError,
    ConfigurationInvalid,
    Fenced,
    NoRoom,
    RunBusy,
    StoreUnavailable,
)
from callboard.domain.events.run import AgentSubject, RunCreated
from callboard.domain.org.run_origin import HANDED_ON, RUN_ORIGINS
from callboard.domain.run.state import RunState
from callboard.domain.run_row import RunRow
from callboard.domain.task_run.state import TaskState
from callboard.ports.records import Wanted
from callboard.runtime.driver import Driver
from callboard.runtime.offered import known_agent
from callboard.runtime.reading import load
from callboard.runtime.standing import fold_any
from callboard.usecases.app import App
from callboard.usecases.patience import Patience
from callboard.usecases.run_origins import drive_noted, hand_on
from callboard.usecases.runs import require_models

_log = logging.getLogger(__name__)
_AGAIN_S = 1.0


class LostRuns:
    """Finds them and drives them, each with the definitions that it was begun with."""

    def __init__(self, app: App, patience: Patience) -> None:
        self._app = app
        self._patience = patience
        self._drivers: set[Driver] = set()

    async def found(self) -> list[RunRow]:
        """Return those that workers may go on with, the oldest first."""
        lost = await self._app.unattended.lost(self._app.ports.clock.now())
        handed_on: frozenset[str] = frozenset()
        if any(not one.died for one in lost):
            handed_on = await self._handed_on()
        return [one.row for one in lost if one.died or one.row.run_id in handed_on]

    async def advance(self, run_id: str) -> None:
        """Drive one of them as far as it goes now. One that is none of them, or cannot go on here, is left alone.

        Raises:
            StoreUnavailable: the database is away; the run is as it was recorded.
        """
        if all(row.run_id != run_id for row in await self.found()):
            return
        try:
            await self._drive(run_id)
        except NoRoom:
            self._patience.hold(run_id, _AGAIN_S)
        except (RunBusy, Fenced):
            pass  # another process drives it
        except StoreUnavailable:
            raise
        except CallboardError as error:
            if self._patience.failed(run_id):
                by_hand = f"`callboard runs resume {run_id}` goes on with it where that can be done"
                _log.warning("run %s is left as it is: %s; %s", run_id, error, by_hand)
        else:
            self._patience.went_on(run_id)

    def drain(self) -> None:
        """Let all stop before their next step, for another worker."""
        for driver in self._drivers:
            driver.draining = True

    async def _handed_on(self) -> frozenset[str]:
        found = await self._app.records.find(RUN_ORIGINS, Wanted(states=(HANDED_ON,)))
        return frozenset(kept.value.run_id for kept in found)

    async def _drive(self, run_id: str) -> None:
        entries = await load(self._app.ports.store, run_id)
        state = fold_any(entries)
        app = await self._app_for(run_id, state.created)
        try:
            await _require_parts(app, state)
            await require_models(app, entries)
            await hand_on(app, run_id)  # should this process end in order, it is any worker's
            await drive_noted(app, run_id)
        finally:
            self._drivers.discard(app.driver)
            if app.driver is not self._app.driver:
                await app.driver.close()

    async def _app_for(self, run_id: str, created: RunCreated) -> App:
        """Return the app with the definitions that a run was begun with.

        Raises:
            ConfigurationInvalid: they, or the directory that it works in, are not to be had here.
        """
        kept = await self._app.records.get(RUN_ORIGINS, run_id)
        if kept is not None and kept.value.brings:
            message = "the program that began it brought agents, tools or providers of its own"
            raise ConfigurationInvalid(message)
        private = await self._app.ports.workspaces.is_copy(created.workspace)
        if private and not created.folders:
            return self._app
        place = "" if kept is None else kept.value.place
        if place != self._app.place:
            of_another = f"{created.workspace} is a directory of another machine, or of another CALLBOARD_HOME"
            raise ConfigurationInvalid(of_another if place else "nobody noted where it was begun")
        if self._app.elsewhere is None:
            return self._app
        app = self._app.elsewhere(created.workspace, created.folders)
        app.driver.draining = self._app.driver.draining
        self._drivers.add(app.driver)
        return app


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
