"""The roster: agents in versions, which one plays, and what a change touches."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any, Final, Literal, Self

from fastapi import APIRouter, Header, Query, Response
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel, Field, JsonValue

from callboard.api.cursors import Page, Wanted
from callboard.api.once import OnceRoute
from callboard.api.revisions import etag, revision
from callboard.api.shapes import Asked, Short
from callboard.domain.org.principal import Principal
from callboard.domain.org.roster import Bound, RosterAgent, RosterState, RosterVersion
from callboard.entrance.asking import TheApp, Who
from callboard.usecases.app import App
from callboard.usecases.blast_radius import BlastRadius, blast_radius
from callboard.usecases.roster import NewVersion, change_agent, save_agent
from callboard.usecases.roster_moves import (
    Move,
    Moved,
    TrialWish,
    pause_agent,
    promote_agent,
    resume_agent,
    retire_agent,
    roll_back_agent,
    try_version,
)
from callboard.usecases.roster_reading import (
    Listed,
    diff_versions,
    find_in_roster,
    list_roster,
    roster_versions,
)
from callboard.usecases.written_agents import checked_agent

router = APIRouter(route_class=OnceRoute, tags=["roster"])
Agent = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,64}$")]
Number = Annotated[int, Field(ge=1, le=999_999)]
IfMatch = Annotated[str | None, Header(max_length=100)]
Spaces = Annotated[tuple[Short, ...], Field(min_length=1, max_length=1000)]


class RosterView(BaseModel):
    """An agent with the version that counts: the live one, else the one on trial, else the latest."""

    agent: RosterAgent
    version: RosterVersion

    @classmethod
    def of(cls, listed: Listed) -> Self:
        """Return the view of an agent."""
        return cls(agent=listed.agent, version=listed.version)


class VersionAsked(Asked):
    """A definition, as its file would say it, and where the agent plays if it is new. Without spaces: everywhere."""

    definition: dict[str, JsonValue]
    spaces: Spaces | None = None
    owner: Short | None = None
    note: Annotated[str, Field(max_length=10_000)] = ""


class AgentChange(Asked):
    """What is to change; what is left out stays. `spaces` null: everywhere."""

    spaces: Spaces | None = None
    owner: Short | None = None
    at_once: Annotated[int, Field(ge=1, le=1000)] | None = None


class MoveAsked(Asked):
    """A move of an agent. `version` is for `promote` and `try`, `share` and `bound` are for `try`, `force` for
    `retire`. `dry`: tell what it would touch, and do nothing.
    """

    move: Literal["promote", "try", "roll_back", "pause", "resume", "retire"]
    version: Number | None = None
    share: Annotated[float, Field(gt=0, le=1)] = 0.1
    bound: Bound = Bound()
    force: bool = False
    note: Annotated[str, Field(max_length=10_000)] = ""
    dry: bool = False


class MovedView(BaseModel):
    """An agent after a move, or as it would be, and what the move touches."""

    agent: RosterAgent
    touches: BlastRadius
    made: bool
    unchanged: bool


@router.get("/roster")
async def list_(
    app: TheApp,
    who: Who,
    wanted: Wanted,
    state: Annotated[list[RosterState] | None, Query()] = None,
) -> Page[RosterView]:
    """List the agents that one sees."""
    found = sorted(await list_roster(app, who, state or ()), key=lambda one: one.agent.id)
    cut, cursor = wanted.of_all(found, lambda one: (one.agent.id,))
    return Page(items=[RosterView.of(one) for one in cut], next_cursor=cursor)


@router.post("/roster", status_code=201)
async def save(
    app: TheApp, who: Who, body: VersionAsked, if_match: IfMatch = None
) -> RosterVersion:
    """Save a definition as the next version of its agent. Every problem with it is named."""
    wish = NewVersion(checked_agent(app, body.definition), body.spaces, body.owner, body.note)
    return await save_agent(app, who, wish, revision=revision(if_match))


@router.get("/roster/{agent_id}")
async def show(app: TheApp, who: Who, agent_id: Agent, response: Response) -> RosterView:
    """Show an agent."""
    listed = await find_in_roster(app, who, agent_id)
    response.headers["ETag"] = etag(listed.revision)
    return RosterView.of(listed)


@router.patch("/roster/{agent_id}")
async def change(
    app: TheApp, who: Who, agent_id: Agent, body: AgentChange, if_match: IfMatch = None
) -> RosterAgent:
    """Change where an agent plays, who answers for it, or how much it does at a time."""
    fields = body.model_dump(exclude_unset=True)
    return await change_agent(app, who, agent_id, fields, revision=revision(if_match))


@router.get("/roster/{agent_id}/versions")
async def versions(app: TheApp, who: Who, agent_id: Agent, wanted: Wanted) -> Page[RosterVersion]:
    """List an agent's versions, the oldest first."""
    found = sorted(await roster_versions(app, who, agent_id), key=lambda one: one.number)
    cut, cursor = wanted.of_all(found, lambda one: (f"{one.number:06d}",))
    return Page(items=cut, next_cursor=cursor)


@router.get("/roster/{agent_id}/diff", response_class=PlainTextResponse)
async def diff(app: TheApp, who: Who, agent_id: Agent, before: Number, after: Number) -> str:
    """Show how two versions differ, as a unified diff."""
    return await diff_versions(app, who, agent_id, before, after)


@router.get("/roster/{agent_id}/touches")
async def touches(app: TheApp, who: Who, agent_id: Agent) -> BlastRadius:
    """Show what a change of an agent would touch."""
    return await blast_radius(app, who, agent_id)


@router.post("/roster/{agent_id}/moves")
async def move(
    app: TheApp, who: Who, agent_id: Agent, body: MoveAsked, if_match: IfMatch = None
) -> MovedView:
    """Promote a version, try one, go back, pause, resume or retire an agent."""
    how = Move(body.note, revision(if_match), body.dry)
    moved = await _MOVES[body.move](app, who, agent_id, body, how)
    return MovedView(
        agent=moved.agent, touches=moved.touches, made=moved.made, unchanged=moved.unchanged
    )


Mover = Callable[[App, Principal, str, MoveAsked, Move], Coroutine[Any, Any, Moved]]
_MOVES: Final[dict[str, Mover]] = {
    "promote": lambda app, who, agent, body, how: promote_agent(app, who, agent, body.version, how),
    "try": lambda app, who, agent, body, how: try_version(
        app, who, agent, TrialWish(body.share, body.version, body.bound), how
    ),
    "roll_back": lambda app, who, agent, _, how: roll_back_agent(app, who, agent, how),
    "pause": lambda app, who, agent, _, how: pause_agent(app, who, agent, how),
    "resume": lambda app, who, agent, _, how: resume_agent(app, who, agent, how),
    "retire": lambda app, who, agent, body, how: retire_agent(
        app, who, agent, force=body.force, move=how
    ),
}
