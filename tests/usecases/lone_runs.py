"""Runs of no task, in processes that share a database."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace

from callboard.domain.actor import Actor
from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.org.principal import as_owner
from callboard.domain.run.fold import AGENT
from callboard.runtime.creation import AgentStart, agent_created
from callboard.runtime.run_log import create_run
from callboard.stores.sqlite.store import SqliteEventStore
from callboard.testing.model import Script, ScriptedCall, ScriptedProvider, Turn
from callboard.testing.rig import FixedRegistry, rig
from callboard.testing.world import World
from callboard.usecases.run_origins import note_origin
from callboard.usecases.start_run import StartRun

ROOT = as_owner(Actor(kind="person", name="root"))
WRITER = AgentDefinition.model_validate(
    {"id": "writer", "display_name": "W", "model": "scripted/writer", "tool_names": ("put",)}
)
CALL = ScriptedCall.model_validate({"tool": "put", "arguments": {"path": "a", "text": "1"}})


def script(delay_s=0.0):
    return Script(turns=(Turn(calls=(CALL,), delay_s=delay_s), Turn(text="done")))


@asynccontextmanager
async def process(path, model=None, **changes):
    """An app on a database, as a process of its own would have it."""
    store = await SqliteEventStore.open(path)
    app = rig(
        model or ScriptedProvider({"writer": script()}),
        world=World(),
        store=store,
        records=store.records,
        registry=FixedRegistry({"writer": WRITER}),
    )
    try:
        yield replace(app, **changes)
    finally:
        await app.close()


async def begun(app, agent=WRITER, workspace="/somewhere", folders=(), space=""):
    """Begin a run as `callboard run` does, and stop before its first step."""
    start = AgentStart(
        agent, ROOT.actor, workspace, agent.limits, prompt="Go.", space=space or workspace
    )
    created = (await agent_created(app.ports, start)).model_copy(update={"folders": folders})
    await note_origin(app, "r", created)
    return await create_run(app.ports, "r", created, AGENT)


@asynccontextmanager
async def to_the_end(app):
    """Wait for a run to be completed that goes on within."""
    ended = asyncio.Event()

    def seen(recorded, _sealed):
        if recorded.event.type == "run.completed":
            ended.set()

    with app.ports.live.watching(seen):
        yield
        await asyncio.wait_for(ended.wait(), 60)


def wish(workspace="/somewhere"):
    return StartRun(run_id="r", agent="writer", workspace=workspace, prompt="Go.")


async def dies_with(path, *, agent=WRITER, workspace="/somewhere", **changes):
    """Let a process die in the middle of a run."""
    async with process(path, **changes) as app:
        await begun(app, agent=agent, workspace=workspace)
