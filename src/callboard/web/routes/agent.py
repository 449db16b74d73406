"""One agent: at a glance, its versions, its numbers, what it did, and its moves."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Final

from fastapi import APIRouter
from starlette.responses import Response

from callboard.domain.attempt_row import Attempt
from callboard.domain.errors import CallboardError
from callboard.domain.org.principal import Principal
from callboard.domain.org.roster import RosterVersion
from callboard.domain.record import AuditEntry
from callboard.engine.performance import Performance
from callboard.ports.records import AuditWanted
from callboard.usecases.app import App, NotAllowed
from callboard.usecases.at_work import agent_at_work, attempts_of
from callboard.usecases.audit import list_audit
from callboard.usecases.blast_radius import blast_radius
from callboard.usecases.dashboards import Dashboard, Question, dashboard, releases_of
from callboard.usecases.roster_moves import (
    Move,
    Moved,
    pause_agent,
    resume_agent,
    retire_agent,
    roll_back_agent,
)
from callboard.usecases.roster_reading import roster_versions
from callboard.usecases.trials import trial_standing
from callboard.web.agent_pages import (
    ActivityPage,
    AgentHead,
    AttemptRow,
    OverviewPage,
    PerformancePage,
    VersionRow,
    VersionsPage,
    head_of,
)
from callboard.web.comparing import by_number, what_changed
from callboard.web.form_routes import FormRoute
from callboard.web.numbers import (
    RANGES,
    charts_of,
    in_words,
    sample,
    spend_tile,
    tiles_of,
    version_bars,
)
from callboard.web.render.charts.legend import figure
from callboard.web.render.words import span, usd
from callboard.web.visit import At, Visit

router = APIRouter(route_class=FormRoute)
_MOST_ROWS: Final = 100
_STATES: Final = {
    "running": ("working", "Working"),
    "waiting": ("waiting", "Waiting"),
    "completed": ("done", "Done"),
    "failed": ("failed", "Failed"),
    "cancelled": ("cancelled", "Cancelled"),
}


async def _retired(app: App, who: Principal, agent: str, move: Move) -> Moved:
    return await retire_agent(app, who, agent, move=move)


async def _retired_all_the_same(app: App, who: Principal, agent: str, move: Move) -> Moved:
    return await retire_agent(app, who, agent, force=True, move=move)


Mover = Callable[[App, Principal, str, Move], Awaitable[Moved]]
_MOVES: Final[dict[str, tuple[Mover, str]]] = {
    "pause": (pause_agent, "It begins nothing new. Runs under way go on."),
    "resume": (resume_agent, "It is back at work."),
    "roll_back": (roll_back_agent, "It is back at the version before."),
    "retire": (_retired, "It is retired. Its versions and runs stay."),
    "retire_all_the_same": (_retired_all_the_same, "It is retired. What needs it waits now."),
}


@router.get("/agents/{agent_id}")
async def overview(at: At, agent_id: str) -> Response:
    """Show an agent at a glance."""
    one = await agent_at_work(at.app, at.who, agent_id)
    head = head_of(one, at.who)
    versions = await roster_versions(at.app, at.who, agent_id)
    found = await numbers(at, agent_id)
    lines: Sequence[Performance] = () if found is None else found.lines
    before, after = _pair(at, head, versions)
    attempts = await attempts_of(at.app, at.who, agent_id)
    page = OverviewPage(
        head,
        tiles_of(found and found.whole, found and found.before, 30),
        version_bars(lines, found.names if found else {}, agent_id, head.agent.live),
        what_changed(versions, before, after, by_number(lines, versions)),
        choices(versions),
        [row for row in rows_of(attempts, versions) if row.state in ("working", "waiting")],
    )
    return await at.show(page)


@router.get("/agents/{agent_id}/versions")
async def versions(at: At, agent_id: str) -> Response:
    """Show all versions of an agent, and two of them side by side."""
    head = head_of(await agent_at_work(at.app, at.who, agent_id), at.who)
    found = await roster_versions(at.app, at.who, agent_id)
    seen = await numbers(at, agent_id, days=90)
    lines = by_number(seen.lines if seen else (), found)
    went = {one.version: one.at for one in reversed(await releases_of(at.app, at.who, agent_id))}
    before, after = _pair(at, head, found)
    page = VersionsPage(
        head,
        [_version_row(head, one, went.get(one.number), lines.get(one.number)) for one in found],
        choices(found),
        what_changed(found, before, after, lines),
        bool(head.agent.trial or head.agent.earlier),
        await trial_standing(at.app, at.who, agent_id),
        [
            (flow.id, step)
            for flow in (await blast_radius(at.app, at.who, agent_id)).workflows
            for step, way in flow.steps.items()
            if way == "pinned"
        ],
    )
    return await at.show(page)


@router.get("/agents/{agent_id}/performance")
async def performance(at: At, agent_id: str) -> Response:
    """Show an agent's numbers over time."""
    head = head_of(await agent_at_work(at.app, at.who, agent_id), at.who)
    days = chosen_days(at)
    found = await numbers(at, agent_id, days=days)
    tiles = [] if found is None else [*tiles_of(found.whole, found.before, days), spend_tile(found)]
    charts = [] if found is None else [figure(one) for one in charts_of(found)]
    ranges = [(f"/agents/{agent_id}/performance?range={one}", f"{one} d", "") for one in RANGES]
    return await at.show(PerformancePage(head, days, ranges, tiles, charts))


@router.get("/agents/{agent_id}/activity")
async def activity(at: At, agent_id: str) -> Response:
    """Show what an agent did, and what was done to it."""
    head = head_of(await agent_at_work(at.app, at.who, agent_id), at.who)
    attempts = await attempts_of(at.app, at.who, agent_id, days=90)
    found = await roster_versions(at.app, at.who, agent_id)
    page = ActivityPage(head, rows_of(attempts, found), await _entries(at, agent_id), _ACTIONS)
    return await at.show(page)


@router.post("/agents/{agent_id}/move")
async def moved(at: At, agent_id: str) -> Response:
    """Pause, resume, roll back or retire an agent."""
    mover, said = _MOVES.get(at.fields.text("move"), _MOVES["pause"])
    revision = at.fields.text("revision")
    move = Move(at.fields.text("note"), int(revision) if revision.isdecimal() else None)
    try:
        await mover(at.app, at.who, agent_id, move)
    except CallboardError as error:
        if isinstance(error, NotAllowed):
            raise
        return at.go(f"/agents/{agent_id}", f"Not done: {error}")
    return at.go(f"/agents/{agent_id}", said)


_ACTIONS: Final = {"agent.manage": "changed it", "agent.publish": "moved its versions"}


async def numbers(at: Visit, agent_id: str, *, days: int = 30) -> Dashboard | None:
    """Return an agent's numbers by version; None where numbers are not for whoever looks."""
    question = Question(("version",), days, await at.space() or None, agent_id)
    try:
        return await dashboard(at.app, at.who, question)
    except NotAllowed:
        return None


def chosen_days(at: Visit) -> int:
    """Return the range that the address asks for, in days."""
    asked = at.query("range")
    return int(asked) if asked.isdecimal() and int(asked) in RANGES else 30


def choices(versions: Sequence[RosterVersion]) -> list[tuple[str, str]]:
    """Return versions as choices."""
    return [(str(one.number), f"v{one.number}") for one in versions]


def rows_of(attempts: Sequence[Attempt], versions: Sequence[RosterVersion]) -> list[AttemptRow]:
    """Return attempts as rows, the first hundred."""
    numbers = {one.digest: f"v{one.number}" for one in versions}
    return [_row(one, numbers.get(one.digest, one.digest[:8])) for one in attempts[:_MOST_ROWS]]


def _row(one: Attempt, version: str) -> AttemptRow:
    state, words = _STATES[one.status]
    if one.status == "completed" and one.accepted is False:
        state, words = "cancelled", "Does not stand"
    took = None if one.ended_at is None else (one.ended_at - one.began_at).total_seconds()
    return AttemptRow(
        one.run_id,
        one.task or "",
        one.step,
        one.space,
        state,
        words,
        version,
        usd(one.cost_usd),
        span(took),
        one.began_at,
    )


def _version_row(
    head: AgentHead, one: RosterVersion, live_at: datetime | None, line: Performance | None
) -> VersionRow:
    agent = head.agent
    trial = agent.trial.version if agent.trial is not None else None
    standing = {agent.live: "live", trial: "on trial"}.get(one.number, "")
    return VersionRow(
        one.number,
        one.at,
        live_at,
        one.author.name,
        one.note,
        standing,
        in_words(line),
        sample(line),
    )


def _pair(at: Visit, head: AgentHead, versions: Sequence[RosterVersion]) -> tuple[int, int]:
    """Return the versions that are asked for, else the one that counts and the one before it."""
    numbers = sorted(one.number for one in versions)
    asked = [int(text) if text.isdecimal() else 0 for text in (at.query("a"), at.query("b"))]
    after = asked[1] if asked[1] in numbers else head.version.number
    earlier = [number for number in numbers if number < after]
    before = asked[0] if asked[0] in numbers else earlier[-1] if earlier else after
    return before, after


async def _entries(at: Visit, agent_id: str) -> list[AuditEntry] | None:
    try:
        return await list_audit(at.app, at.who, AuditWanted(record=("roster_agent", agent_id)))
    except NotAllowed:
        return None
