"""Publishing: what is pinned, what is refused, who wins."""

import asyncio

import pytest

from callboard.definitions.registry import FolderRegistry
from callboard.definitions.resolver import AgentResolver
from callboard.domain.actor import Actor
from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.errors import (
    ConfigurationInvalid,
    DefinitionInvalid,
    UnknownThing,
    VersionTaken,
)
from callboard.domain.org.principal import as_owner
from callboard.stores.sqlite.store import SqliteEventStore
from callboard.testing.model import ScriptedProvider
from callboard.testing.releases import MemoryReleases
from callboard.testing.rig import ANN, rig
from callboard.tools.catalog import built_in_tools
from callboard.usecases.app import App, NotAllowed
from callboard.usecases.compare_agents import compare_agents
from callboard.usecases.publish import Publication, publish_agents, released, yank_release

pytestmark = pytest.mark.anyio


def agent(name: str, *spawns: str, **fields: object) -> AgentDefinition:
    return AgentDefinition.model_validate(
        {
            "id": name,
            "display_name": name.title(),
            "model": "scripted/x",
            "publisher": "acme",
            "tool_names": ("spawn_agents",),
            "spawnable_agents": spawns,
        }
        | fields
    )


@pytest.fixture
def app() -> App:
    releases = MemoryReleases()
    shipped = FolderRegistry.open((), built_in_tools().names())
    nobody = FolderRegistry(())
    return rig(
        ScriptedProvider({}),
        registry=AgentResolver(lambda: nobody, releases, lambda: shipped),
        releases=releases,
    )


async def published(app: App, *definitions: AgentDefinition, **wish: str) -> list[str]:
    found = await publish_agents(app, as_owner(ANN), Publication(definitions, **wish))
    return [release.reference for release in found]


async def test_versions_count_up_by_themselves(app):
    assert await published(app, agent("one")) == ["acme/one@0.0.1"]
    assert await published(app, agent("one")) == ["acme/one@0.0.2"]
    assert await published(app, agent("one", version="1.0.0")) == ["acme/one@1.0.0"]
    assert await published(app, agent("one")) == ["acme/one@1.0.1"]


async def test_what_was_published_is_found_by_its_reference_with_the_digest_that_was_recorded(app):
    await published(app, agent("one"))
    found = await app.ports.registry.get("acme/one@0.0.1")
    assert found is not None
    assert (found.publisher, found.version) == ("acme", "0.0.1")
    (release,) = await released(app, as_owner(ANN))
    assert release.digest == found.digest
    assert release.actor == ANN


async def test_spawnable_agents_are_pinned_to_a_version(app):
    await published(app, agent("leaf"))
    await published(app, agent("root", "leaf", "acme/twig", "codebuff/base@0.0.1"), agent("twig"))
    root = await app.ports.registry.get("acme/root")
    assert root is not None
    assert root.spawnable_agents == (
        "acme/leaf@0.0.1",
        "acme/twig@0.0.1",
        "codebuff/base@0.0.1",
    )


async def test_a_missing_agent_is_named_and_nothing_is_published(app):
    with pytest.raises(DefinitionInvalid, match=r"spawnableAgents.0: 'nobody' is neither"):
        await published(app, agent("leaf"), agent("root", "nobody"))
    assert await released(app, as_owner(ANN)) == []


async def test_agents_that_spawn_one_another_in_a_circle_are_refused(app):
    with pytest.raises(DefinitionInvalid, match="leads back to itself"):
        await published(app, agent("a", "b"), agent("b", "a"))
    with pytest.raises(DefinitionInvalid, match="leads back to itself"):
        await published(app, agent("a", "a"))


async def test_a_version_is_published_once(app):
    await published(app, agent("one", version="1.0.0"))
    with pytest.raises(VersionTaken, match="published already"):
        await published(app, agent("one", version="1.0.0", display_name="Other"))


@pytest.mark.parametrize(
    ("definitions", "message"),
    [
        ((), "nothing to publish"),
        ((agent("a", publisher=None),), "a publisher is needed"),
        ((agent("a"), agent("b", publisher="other")), "several publishers"),
        ((agent("a", publisher="codebuff"),), "shipped agents' own"),
        ((agent("a", publisher="Acme Inc"),), "use 1 to 64"),
        ((agent("a"), agent("a")), "same id"),
    ],
)
async def test_what_cannot_be_published_is_explained(app, definitions, message):
    with pytest.raises(ConfigurationInvalid, match=message):
        await published(app, *definitions)


async def test_a_version_that_is_none_is_named_with_its_field(app):
    with pytest.raises(DefinitionInvalid, match=r"a: version: '1\.0' is not major"):
        await published(app, agent("a", version="1.0"))


async def test_an_agent_never_publishes(app):
    robot = Actor(kind="agent", name="a")
    with pytest.raises(NotAllowed):
        await publish_agents(app, as_owner(robot), Publication((agent("a"),)))


async def test_a_yanked_release_is_out_of_circulation(app):
    await published(app, agent("one"), agent("two"))
    await yank_release(app, as_owner(ANN), "acme/one@0.0.1")
    assert await app.ports.registry.get("acme/one") is None
    assert await app.ports.registry.get("acme/one@0.0.1") is not None
    with pytest.raises(UnknownThing):
        await yank_release(app, as_owner(ANN), "acme/one@9.0.0")
    with pytest.raises(ConfigurationInvalid, match="publisher/id@version"):
        await yank_release(app, as_owner(ANN), "one")


async def test_the_difference_between_two_versions_is_shown_line_by_line(app):
    await published(app, agent("one", system_prompt="Be kind.\nBe exact."))
    await published(app, agent("one", system_prompt="Be kind.\nBe brief."))
    text = await compare_agents(app, as_owner(ANN), "acme/one@0.0.1", "acme/one@0.0.2")
    assert "-  Be exact." in text
    assert "+  Be brief." in text
    assert await compare_agents(app, as_owner(ANN), "acme/one", "acme/one") == ""


async def test_of_two_who_publish_the_same_version_at_once_one_wins(tmp_path):
    stores = [await SqliteEventStore.open(tmp_path / "callboard.db") for _ in range(2)]
    apps = [rig(ScriptedProvider({}), releases=store.releases) for store in stores]
    wishes = [
        publish_agents(
            app, as_owner(ANN), Publication((agent("one", version="1.0.0"), agent(f"n{place}")))
        )
        for place, app in enumerate(apps)
    ]
    outcomes = await asyncio.gather(*wishes, return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["VersionTaken", "list"]
    there = [release.id for release in await stores[0].releases.latest()]
    assert len(there) == 2, "of the loser nothing is there"
    for store in stores:
        await store.close()
