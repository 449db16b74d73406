"""What every registry of agents does. Subclass, and give the fixture `registry` with at least one agent."""

# ruff: noqa: D102 - the names of the tests are their sentences

from callboard.ports.registry import AgentRegistry


class AgentRegistryContract:
    """The behaviour of `callboard.ports.registry.AgentRegistry`."""

    async def test_lists_every_agent_once_sorted_by_id(self, registry: AgentRegistry) -> None:
        ids = [agent.id for agent in await registry.all()]
        assert ids
        assert ids == sorted(set(ids))

    async def test_finds_by_its_id_what_it_lists(self, registry: AgentRegistry) -> None:
        for agent in await registry.all():
            assert await registry.get(agent.id) == agent

    async def test_a_version_or_publisher_that_is_asked_for_must_be_met(
        self, registry: AgentRegistry
    ) -> None:
        for agent in await registry.all():
            assert await registry.get(f"nobody-of-that-name/{agent.id}") is None
            assert await registry.get(f"{agent.id}@999.0.1") is None

    async def test_what_is_no_reference_finds_nothing(self, registry: AgentRegistry) -> None:
        for text in ("", "/", "a/b/c", "@", "no-such-agent", "../implementer", "\x00"):
            assert await registry.get(text) is None
