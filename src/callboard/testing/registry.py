"""What every registry of agents does. Subclass, and give the fixture `registry` with at least one agent."""

# ruff: noqa: D102 - the names of the tests are their sentences

from callboard.ports.registry import AgentRegistry


class AgentRegistryContract:
    """The behaviour of `callboard.ports.registry.AgentRegistry`."""

    def test_lists_every_agent_once_sorted_by_id(self, registry: AgentRegistry) -> None:
        ids = [agent.id for agent in registry.all()]
        assert ids
        assert ids == sorted(set(ids))

    def test_finds_by_its_id_what_it_lists(self, registry: AgentRegistry) -> None:
        for agent in registry.all():
            assert registry.get(agent.id) == agent

    def test_a_version_or_publisher_that_is_asked_for_must_be_met(
        self, registry: AgentRegistry
    ) -> None:
        for agent in registry.all():
            assert registry.get(f"nobody-of-that-name/{agent.id}") is None
            assert registry.get(f"{agent.id}@999.0.1") is None

    def test_what_is_no_reference_finds_nothing(self, registry: AgentRegistry) -> None:
        for text in ("", "/", "a/b/c", "@", "no-such-agent", "../implementer", "\x00"):
            assert registry.get(text) is None
