"""The roster: agents of the organisation, the versions that each has, and who may see them."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from callboard.domain.errors import UnknownThing
from callboard.domain.org.principal import Principal, in_space
from callboard.domain.org.roster import (
    ROSTER,
    ROSTER_VERSIONS,
    RosterAgent,
    RosterState,
    RosterVersion,
    version_key,
)
from callboard.domain.record import Kept
from callboard.engine.authority import Action
from callboard.ports.records import Wanted
from callboard.usecases.app import App, require
from callboard.usecases.compare_agents import definition_lines


@dataclass(frozen=True, slots=True)
class Listed:
    """An agent with the version that counts: the live one, else the one on trial, else the latest. `revision` grows
    with every change.
    """

    agent: RosterAgent
    version: RosterVersion
    revision: int


async def list_roster(app: App, who: Principal, states: Sequence[RosterState] = ()) -> list[Listed]:
    """Return the agents that somebody sees, by id."""
    require_reading(who)
    kept = await app.records.find(ROSTER, Wanted(states=tuple(states)))
    seen = [one for one in kept if _sees(who, one.value)]
    found = [Listed(one.value, await shown_version(app, one.value), one.revision) for one in seen]
    return sorted(found, key=lambda one: one.agent.id)


async def find_in_roster(app: App, who: Principal, agent_id: str) -> Listed:
    """Return an agent.

    Raises:
        UnknownThing: there is none, or none that they see.
    """
    kept = await require_agent(app, who, "agent.read", agent_id)
    return Listed(kept.value, await shown_version(app, kept.value), kept.revision)


async def roster_versions(app: App, who: Principal, agent_id: str) -> list[RosterVersion]:
    """Return all versions of an agent, the latest first.

    Raises:
        UnknownThing: there is no such agent, or none that they see.
    """
    await require_agent(app, who, "agent.read", agent_id)
    return await saved_versions(app, agent_id)


async def diff_versions(app: App, who: Principal, agent_id: str, before: int, after: int) -> str:
    """Return a unified diff of two versions in their normalised form, prompts line by line.

    Raises:
        UnknownThing: no such agent or version, or none that they see.
    """
    await require_agent(app, who, "agent.read", agent_id)
    versions = [await version_of(app, agent_id, number) for number in (before, after)]
    texts = [definition_lines(one.definition) for one in versions]
    names = [f"{agent_id}@{one.number}" for one in versions]
    return "\n".join(difflib.unified_diff(texts[0], texts[1], names[0], names[1], lineterm=""))


async def require_agent(
    app: App, who: Principal, action: Action, agent_id: str
) -> Kept[RosterAgent]:
    """Return an agent, to whoever may take the action on it: in every space of its scope, where it is not to be
    read only.

    Raises:
        UnknownThing: there is none, or none that they see.
        NotAllowed: they see it, and may not do this.
    """
    kept = await app.records.get(ROSTER, agent_id)
    if kept is None or not _sees(who, kept.value):
        require_reading(who)
        raise UnknownThing(
            f"there is no agent {agent_id!r} in the roster (see `callboard roster list`)"
        )
    if action == "agent.read":
        require_reading(who)
        return kept
    for space in kept.value.spaces or (None,):
        require(who, action, in_space(space))
    return kept


def require_reading(who: Principal) -> None:
    """Do nothing where somebody may see agents at all.

    Raises:
        NotAllowed: they may not, in no space.
    """
    space = next(iter(who.spaces), None)
    require(who, "agent.read", in_space(space if who.role is None else None))


def _sees(who: Principal, agent: RosterAgent) -> bool:
    """Return whether an agent is for these eyes: it plays in a space that they see, or in all."""
    return agent.spaces is None or any(who.sees(space) for space in agent.spaces)


async def version_of(app: App, agent_id: str, number: int) -> RosterVersion:
    """Return a version.

    Raises:
        UnknownThing: there is none of this number.
    """
    kept = await app.records.get(ROSTER_VERSIONS, version_key(agent_id, number))
    if kept is None:
        raise UnknownThing(
            f"{agent_id} has no version {number} (see `callboard roster versions {agent_id}`)"
        )
    return kept.value


async def shown_version(app: App, agent: RosterAgent) -> RosterVersion:
    """Return the version that counts: the live one, else the one on trial, else the latest."""
    trial = agent.trial.version if agent.trial is not None else None
    return await version_of(app, agent.id, agent.live or trial or agent.latest)


async def saved_versions(app: App, agent_id: str) -> list[RosterVersion]:
    """Return all versions of an agent, the latest first, whoever asks."""
    wanted = Wanted(prefix=f"{agent_id}/", newest_first=True)
    return [kept.value for kept in await app.records.find(ROSTER_VERSIONS, wanted)]
