"""Runs without a task, and agents that agents start: whom a name means, here and in a space."""

import pytest

from callboard.definitions.registry import FolderRegistry
from callboard.definitions.resolver import AgentResolver
from callboard.domain.actor import Actor
from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.errors import ConfigurationInvalid
from callboard.domain.events.run import AgentSubject, RunCreated
from callboard.domain.org.principal import as_owner
from callboard.runtime.reading import load
from callboard.runtime.roster_lookup import RosterLookup
from callboard.testing.model import Script, ScriptedCall, ScriptedProvider, Turn
from callboard.testing.records import MemoryRecords
from callboard.testing.releases import MemoryReleases
from callboard.testing.rig import rig
from callboard.usecases.roster import NewVersion, save_agent
from callboard.usecases.roster_moves import pause_agent, promote_agent
from callboard.usecases.spaces import NewSpace, create_space
from callboard.usecases.start_run import StartRun, start_run

pytestmark = pytest.mark.anyio
ROOT = as_owner(Actor(kind="person", name="root"))
CALL = ScriptedCall.model_validate(
    {
        "tool": "spawn_agents",
        "arguments": {"agents": [{"agent_type": "helper", "prompt": "go"}]},
        "call_id": "c1",
    }
)


def agent(id_, prompt, **fields):
    plain = {"id": id_, "display_name": id_, "model": f"scripted/{id_}", "system_prompt": prompt}
    return AgentDefinition.model_validate(plain | fields)


def board(*own):
    """An app whose folders hold some agents, over a roster that is empty yet."""
    records, nobody = MemoryRecords(), FolderRegistry(())
    folder = AgentResolver(
        lambda: nobody, MemoryReleases(), lambda: nobody, own, RosterLookup(records)
    )
    scripts = {
        "helper": Script(turns=tuple(Turn(text="helped") for _ in range(9))),
        "boss": Script(turns=(Turn(calls=(CALL,)), Turn(text="done"))),
    }
    return rig(ScriptedProvider(scripts), registry=folder, records=records)


async def settle(app, definition, spaces=None, *, live=True):
    await create_space(app, ROOT, NewSpace("auth", "Sign-in", "AUTH"))
    await create_space(app, ROOT, NewSpace("pay", "Payments", "PAY"))
    await save_agent(app, ROOT, NewVersion(definition, spaces))
    if live:
        await promote_agent(app, ROOT, definition.id, 1)


async def prompt_of(app, reference, space="", run_id="r"):
    await start_run(app, ROOT, StartRun(run_id, reference, "/work", prompt="go", space=space))
    created = (await load(app.ports.store, run_id))[0].event
    assert isinstance(created, RunCreated)
    assert isinstance(created.subject, AgentSubject)
    return created.subject.definition.system_prompt


async def test_in_a_space_a_name_means_the_agent_that_plays_there():
    app = board(agent("helper", "from the folder"))
    await settle(app, agent("helper", "from the roster"), ("auth",))
    assert await prompt_of(app, "helper", "auth", "a") == "from the roster"
    assert await prompt_of(app, "helper", "pay", "b") == "from the folder"
    assert await prompt_of(app, "helper", "", "c") == "from the folder"


async def test_without_a_space_an_agent_of_everywhere_is_found_behind_ones_own():
    app = board()
    await settle(app, agent("helper", "from the roster"))
    assert await prompt_of(app, "helper") == "from the roster"
    assert await prompt_of(app, "helper@1", run_id="s") == "from the roster"
    own = board(agent("helper", "mine"))
    await settle(own, agent("helper", "from the roster"))
    assert await prompt_of(own, "helper") == "mine"


async def test_who_is_paused_or_has_nothing_live_is_not_started():
    app = board(agent("helper", "from the folder"))
    await settle(app, agent("helper", "from the roster"), live=False)
    with pytest.raises(ConfigurationInvalid, match="no live version"):
        await prompt_of(app, "helper", "auth")
    assert await prompt_of(app, "helper@1", "auth") == "from the roster"
    await promote_agent(app, ROOT, "helper", 1)
    await pause_agent(app, ROOT, "helper")
    with pytest.raises(ConfigurationInvalid, match="is paused"):
        await prompt_of(app, "helper", "auth", "s")


async def test_a_version_that_is_not_there_is_said_so():
    app = board()
    await settle(app, agent("helper", "from the roster"))
    with pytest.raises(ConfigurationInvalid, match="no version 7"):
        await prompt_of(app, "helper@7", "auth")


@pytest.mark.parametrize(
    ("space", "expected"), [("auth", "from the roster"), ("pay", "from the folder")]
)
async def test_agents_that_an_agent_starts_come_from_where_it_works(space, expected):
    boss = agent("boss", "lead", tool_names=("spawn_agents",), spawnable_agents=("helper",))
    app = board(boss, agent("helper", "from the folder"))
    await settle(app, agent("helper", "from the roster"), ("auth",))
    await start_run(app, ROOT, StartRun("r", "boss", "/work", prompt="go", space=space))
    child = (await app.ports.store.children("r"))[0]
    created = (await load(app.ports.store, child.run_id))[0].event
    assert isinstance(created, RunCreated)
    assert isinstance(created.subject, AgentSubject)
    assert created.subject.definition.system_prompt == expected
