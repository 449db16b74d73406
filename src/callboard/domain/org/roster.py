"""The roster: agents as the organisation keeps them, in immutable versions, and which one of them plays."""

from datetime import datetime
from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from callboard.domain.actor import Actor
from callboard.domain.definition.agent import AgentDefinition, AgentId
from callboard.domain.frozen import Frozen
from callboard.domain.org.space import SpaceId
from callboard.domain.record import Kind

RosterState = Literal["draft", "trial", "live", "paused", "retired"]
VersionNumber = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(gt=0, le=1)]
Fraction = Annotated[float, Field(ge=0, le=1)]

Owner = Annotated[str, Field(pattern=r"^(person|integration):.+$")]

REMEMBERED: Final = 20
"""How many versions that were live before are remembered, for going back."""


class Bound(Frozen):
    """When a trial has failed: after `attempts` of the version that came to an end, its acceptance is more than
    `below_live` lower than that of the live version, or is below `at_least`.
    """

    attempts: Annotated[int, Field(ge=1, le=10_000)] = 10
    below_live: Fraction | None = 0.1
    at_least: Fraction | None = None


class AgentTrial(Frozen):
    """A version that does a share of the tasks: from 0 (none) to 1 (all). `since` is when it began."""

    version: VersionNumber
    share: Share
    bound: Bound = Bound()
    since: datetime


class RosterAgent(Frozen):
    """An agent of the organisation: who answers for it, where it may play, and in which version.

    `spaces` are those it plays in; None: in all. `owner` is an account (`person:ID`). `live` is the version that
    workflows follow which name none, `earlier` those that were live before, the last one last. `at_once` bounds how
    many of its runs are under way at a time. A `draft` plays nowhere, one on `trial` its share of the tasks; who is
    `paused` or `retired` begins nothing new.
    """

    id: AgentId
    spaces: Annotated[tuple[SpaceId, ...], Field(min_length=1)] | None = None
    owner: Owner | None = None
    state: RosterState = "draft"
    live: VersionNumber | None = None
    latest: VersionNumber = 1
    earlier: tuple[VersionNumber, ...] = ()
    trial: AgentTrial | None = None
    at_once: Annotated[int, Field(ge=1, le=1000)] | None = None
    created_at: datetime

    @model_validator(mode="after")
    def _points_at_versions(self) -> Self:
        pointed = [self.live, *self.earlier, self.trial.version if self.trial else None]
        if any(one is not None and one > self.latest for one in pointed):
            raise ValueError(f"there are {self.latest} versions only")
        if self.state == "live" and self.live is None:
            raise ValueError("an agent is live in one of its versions")
        if self.state == "trial" and self.trial is None:
            raise ValueError("an agent is on trial in one of its versions")
        if self.state == "draft" and (self.live or self.trial):
            raise ValueError("a draft plays in none of its versions")
        return self

    @property
    def playing(self) -> RosterState:
        """The state that follows from its versions, whether or not it is paused or retired."""
        if self.live is not None:
            return "live"
        return "trial" if self.trial is not None else "draft"

    def plays_in(self, space: str) -> bool:
        """Return whether a space is in its scope."""
        return self.spaces is None or space in self.spaces

    def with_live(self, number: int) -> "RosterAgent":
        """Return the agent with a version live, and no trial any more. One that is paused stays so."""
        gone = [one for one in (*self.earlier, self.live) if one is not None and one != number]
        earlier = tuple(dict.fromkeys(reversed(gone)))[:REMEMBERED][::-1]
        state = "paused" if self.state == "paused" else "live"
        fields = {"live": number, "earlier": earlier, "trial": None, "state": state}
        return self.model_copy(update=fields)

    def rolled_back(self) -> "RosterAgent":
        """Return the agent without its trial, else with the version live that was so before."""
        if self.trial is not None:
            ended = self.model_copy(update={"trial": None})
            state = "paused" if self.state == "paused" and ended.live else ended.playing
            return ended.model_copy(update={"state": state})
        fields = {"live": self.earlier[-1], "earlier": self.earlier[:-1]}
        return self.model_copy(update=fields)


class RosterVersion(Frozen):
    """One version of an agent, never changed. `digest` is over the definition; no agent has two of the same."""

    agent: AgentId
    number: VersionNumber
    definition: AgentDefinition
    digest: str
    author: Actor
    note: Annotated[str, Field(max_length=10_000)] = ""
    at: datetime


def version_key(agent: str, number: int) -> str:
    """Return the key of a version: keys sort as their numbers do."""
    return f"{agent}/{number:06d}"


ROSTER: Final = Kind(
    "roster_agent",
    RosterAgent,
    key=lambda agent: agent.id,
    space=lambda agent: agent.spaces[0] if agent.spaces and len(agent.spaces) == 1 else None,
    state=lambda agent: agent.state,
)
ROSTER_VERSIONS: Final = Kind(
    "roster_version",
    RosterVersion,
    key=lambda version: version_key(version.agent, version.number),
)
