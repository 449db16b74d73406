"""The roster: who is there, what they do, how they do, and moves of several at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from fastapi import APIRouter
from starlette.responses import Response

from callboard.domain.errors import CallboardError
from callboard.usecases.at_work import AtWork, agents_at_work
from callboard.usecases.roster_batches import BatchMove, BatchWish, move_agents
from callboard.web.agent_views import (
    COLUMNS,
    STATES,
    AgentRow,
    Look,
    looked_at,
    provider_of,
    row_of,
)
from callboard.web.faults import said_of
from callboard.web.form_routes import FormRoute
from callboard.web.page import Page
from callboard.web.visit import At, Visit

router = APIRouter(route_class=FormRoute)
_DONE = {"pause": "paused", "resume": "back at work", "place": "moved"}


@dataclass(frozen=True, slots=True)
class RosterPage(Page):
    """The agents that somebody sees. `segments` and `heads` are links: address, words, and a count or an order."""

    template = "agents.html"
    section = "agents"
    look: Look
    rows: Sequence[AgentRow]
    every: int
    segments: Sequence[tuple[str, str, int]]
    current: str
    heads: Sequence[tuple[str, str, str, bool]]
    providers: Sequence[tuple[str, str]]
    problems: Sequence[str] = ()

    @property
    def title(self) -> str:
        """The heading."""
        return "Agents"


@router.get("/agents")
async def roster(at: At) -> Response:
    """List the agents; for a page that keeps itself fresh, the rows alone."""
    page = await _page(at, _look(at))
    if at.query("part") == "rows":
        return await at.part("agent_rows.html", page)
    return await at.show(page)


@router.post("/agents/batch")
async def batch(at: At) -> Response:
    """Pause, resume or move several agents."""
    fields = at.fields
    chosen = fields.every("agent")
    move = fields.text("move")
    wish = BatchWish(
        chosen,
        cast("BatchMove", move) if move in _DONE else "pause",
        (fields.text("to"),) if fields.text("to") else None,
    )
    try:
        outcomes = await move_agents(at.app, at.who, wish)
    except CallboardError as error:
        return await at.show(await _page(at, Look(), [said_of(error)]), 422)
    problems = [one.problem for one in outcomes if one.problem]
    if problems:
        return await at.show(await _page(at, Look(), problems), 422)
    names = ", ".join(one.agent for one in outcomes)
    return at.go("/agents", f"{names}: {_DONE[wish.move]}.")


def _look(at: Visit) -> Look:
    sort = at.query("sort", "name")
    return Look(at.query("q").strip(), at.query("status"), at.query("provider"), sort)


async def _page(at: Visit, look: Look, problems: Sequence[str] = ()) -> RosterPage:
    every = await agents_at_work(at.app, at.who, space=await at.space() or None)
    found = looked_at(every, look)
    providers = sorted({provider_of(one.listed.version.definition) for one in every})
    return RosterPage(
        look,
        [row_of(one) for one in found],
        len(every),
        _segments(every, look),
        next((words for state, (_, words) in STATES.items() if state == look.status), "All"),
        [
            (look.address(sort=name), words, kind, look.sort == name)
            for name, words, kind in COLUMNS
        ],
        [("", "All providers"), *((one, one) for one in providers)],
        problems,
    )


def _segments(agents: Sequence[AtWork], look: Look) -> list[tuple[str, str, int]]:
    """Return a link for each state that somebody is in."""
    links = [
        (look.address(status=state), words, count)
        for state, (_, words) in STATES.items()
        if (count := sum(one.availability == state for one in agents)) or state == look.status
    ]
    return [(look.address(status=""), "All", len(agents)), *links]
