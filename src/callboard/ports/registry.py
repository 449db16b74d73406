"""Where agents are found by reference."""

from typing import Protocol

from callboard.domain.definition.agent import AgentDefinition


class AgentRegistry(Protocol):
    """Agents by reference. The workspace's own come first, then published, then shipped ones."""

    async def get(self, reference: str) -> AgentDefinition | None:
        """Return the agent for `id`, `publisher/id`, `publisher/id@version`, or None.

        Raises:
            DefinitionInvalid: the nearest definition with this id is broken.
        """
        ...

    async def all(self) -> tuple[AgentDefinition, ...]:
        """Return all agents, sorted by id; of several with one id the nearest."""
        ...
