"""Performance and cost over time, against the time before, with the versions that went live on the way."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from callboard.domain.attempt_row import Attempt
from callboard.domain.org.principal import Principal
from callboard.domain.org.roster import ROSTER_VERSIONS
from callboard.domain.record import AuditEntry
from callboard.engine.performance import Axis, Performance, performance
from callboard.engine.trends import Period, Trend, trends
from callboard.ports.event_store import AttemptsWanted
from callboard.ports.records import AuditWanted, Wanted
from callboard.usecases.app import App, NotAllowed, seen_spaces
from callboard.usecases.roster_reading import list_roster, require_reading

LONGEST_DAYS: Final = 366
_BY_DAY: Final = 45
"""Days beyond which trends go by weeks: on most single days of a long time little was done."""


@dataclass(frozen=True, slots=True)
class WentLive:
    """A version of an agent that was made live."""

    agent: str
    version: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Question:
    """What a dashboard is to show: the last `days`, by these axes, of one space or agent (None: of all seen)."""

    axes: tuple[Axis, ...] = ("agent",)
    days: int = 30
    space: str | None = None
    agent: str | None = None


@dataclass(frozen=True, slots=True)
class Dashboard:
    """What came of a question. `whole` is everything together, `before` the same time before that; None: nothing.

    `lines` are by all axes, `trends` by the first, over `period`; `names` are what versions are called.
    """

    question: Question
    period: Period
    days: int
    whole: Performance | None
    before: Performance | None
    lines: Sequence[Performance]
    trends: Sequence[Trend]
    trend: Trend | None
    went_live: Sequence[WentLive]
    names: dict[str, str]


async def dashboard(app: App, who: Principal, question: Question) -> Dashboard:
    """Return the numbers of a time, in the spaces whose numbers somebody sees."""
    spaces = seen_spaces(who, "usage.read", None if question.space is None else (question.space,))
    days = min(max(question.days, 1), LONGEST_DAYS)
    now = app.ports.clock.now()
    period = Period.until(now.date(), days, 7 if days > _BY_DAY else 1)
    begin = now - timedelta(days=days)
    asked = AttemptsWanted(spaces=spaces, since=begin - timedelta(days=days), agent=question.agent)
    attempts = await app.ports.store.attempts(asked)
    lately = [one for one in attempts if one.began_at >= begin]
    earlier = [one for one in attempts if one.began_at < begin]
    agents = await _seen(app, who, lately)
    live = [found for agent in agents for found in await _releases(app, agent) if found.at >= begin]
    return Dashboard(
        question,
        period,
        days,
        _line(lately),
        _line(earlier),
        performance(lately, question.axes),
        trends(lately, question.axes[0] if question.axes else None, period),
        next(iter(trends(lately, None, period)), None),
        sorted(live, key=lambda one: one.at),
        await _names(app, agents),
    )


async def releases_of(app: App, who: Principal, agent_id: str) -> list[WentLive]:
    """Return when versions of an agent went live, the latest first; nothing for an agent that they do not see."""
    require_reading(who)
    seen = await list_roster(app, who)
    return await _releases(app, agent_id) if any(one.agent.id == agent_id for one in seen) else []


async def _releases(app: App, agent_id: str) -> list[WentLive]:
    entries = await app.records.audit(AuditWanted(record=("roster_agent", agent_id)))
    return [found for entry in entries for found in _live_in(agent_id, entry)]


async def _seen(app: App, who: Principal, attempts: Iterable[Attempt]) -> list[str]:
    """Return the agents that made attempts, as far as somebody sees them: some see numbers and no agents."""
    try:
        seen = {one.agent.id for one in await list_roster(app, who)}
    except NotAllowed:
        return []
    return sorted(seen & {one.agent for one in attempts})


def _line(attempts: Sequence[Attempt]) -> Performance | None:
    return next(iter(performance(attempts, ())), None)


def _live_in(agent_id: str, entry: AuditEntry) -> list[WentLive]:
    found: list[WentLive] = []
    for one in entry.differences:
        if one.kind != "roster_agent" or one.key != agent_id:
            continue
        before = one.before.get("live") if isinstance(one.before, dict) else None
        after = one.after.get("live") if isinstance(one.after, dict) else None
        if isinstance(after, int) and after != before:
            found.append(WentLive(agent_id, after, entry.at))
    return found


async def _names(app: App, agents: Iterable[str]) -> dict[str, str]:
    """Return what versions are called, by the way in which performance names them."""
    names: dict[str, str] = {}
    for agent in agents:
        for kept in await app.records.find(ROSTER_VERSIONS, Wanted(prefix=f"{agent}/")):
            names[f"{agent}@{kept.value.digest[:12]}"] = f"{agent} v{kept.value.number}"
    return names
