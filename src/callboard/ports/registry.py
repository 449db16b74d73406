"""Where agents are found by reference."""

from typing import Protocol

from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.definition.references import AgentReference


class AgentRegistry(Protocol):
    """Agents by reference. The workspace's own come first, then those of the roster that play everywhere, published
    and shipped ones. In a space those of the roster that play there come before all others.
    """

    async def get(self, reference: str, *, space: str = "") -> AgentDefinition | None:
        """Return the agent for `id`, `publisher/id`, `publisher/id@version`, or None. `space` is the id of the space
        that it is wanted in; whatever is no such id is none.

        Raises:
            DefinitionInvalid: the nearest definition with this id is broken.
            ConfigurationInvalid: an agent of the roster is meant that does not play.
        """
        ...

    async def all(self) -> tuple[AgentDefinition, ...]:
        """Return all agents, sorted by id; of several with one id the nearest."""
        ...


class RosterAgents(Protocol):
    """The agents that the organisation keeps, as they play now."""

    async def playing(self, wanted: AgentReference, space: str) -> AgentDefinition | None:
        """Return the version of an agent that plays in a space (empty: in all of them); None where the roster has
        no agent of this name there.

        Raises:
            ConfigurationInvalid: it has one, and that one is a draft, paused or retired, or has no such version.
        """
        ...
