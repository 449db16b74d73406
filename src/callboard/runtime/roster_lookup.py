"""Agents of the roster by name, for runs that belong to no task."""

from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.definition.references import AgentReference
from callboard.domain.errors import ConfigurationInvalid
from callboard.domain.org.roster import ROSTER, ROSTER_VERSIONS, RosterAgent, version_key
from callboard.ports.records import Records


class RosterLookup:
    """`callboard.ports.registry.RosterAgents` over the records. A run without a task takes no part in trials."""

    def __init__(self, records: Records) -> None:
        self._records = records

    async def playing(self, wanted: AgentReference, space: str) -> AgentDefinition | None:
        """See `ports.registry.RosterAgents`."""
        if wanted.publisher is not None or not _means_the_roster(wanted):
            return None
        kept = await self._records.get(ROSTER, wanted.id)
        if kept is None or not _plays(kept.value, space):
            return None
        agent = kept.value
        if agent.state in ("paused", "retired"):
            raise ConfigurationInvalid(
                f"agent {agent.id} is {agent.state} (see `callboard roster show {agent.id}`)"
            )
        number = _number(wanted.version) or agent.live
        if number is None:
            raise ConfigurationInvalid(
                f"agent {agent.id} has no live version; promote one, or name one: {agent.id}@{agent.latest}"
            )
        version = await self._records.get(ROSTER_VERSIONS, version_key(agent.id, number))
        if version is None:
            raise ConfigurationInvalid(
                f"agent {agent.id} has no version {number} (see `callboard roster versions {agent.id}`)"
            )
        return version.value.definition


def _plays(agent: RosterAgent, space: str) -> bool:
    return agent.plays_in(space) if space else agent.spaces is None


def _means_the_roster(wanted: AgentReference) -> bool:
    """Return whether a reference can mean a version of the roster: one with three numbers was published."""
    return wanted.version in (None, "latest") or _number(wanted.version) is not None


def _number(version: str | None) -> int | None:
    """Return the number that a version of the roster is; None where it is none."""
    if version is None or not (version.isascii() and version.isdecimal()) or len(version) > 9:
        return None
    return int(version)
