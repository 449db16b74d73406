"""The roster at work: what each agent does now, and how it did lately."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final, Literal

from callboard.domain.attempt_row import Attempt
from callboard.domain.org.principal import Principal
from callboard.engine.performance import Performance, performance
from callboard.engine.trends import Period, trends
from callboard.ports.event_store import AttemptsWanted
from callboard.usecases.app import App, NotAllowed, seen_spaces
from callboard.usecases.roster_reading import (
    Listed,
    find_in_roster,
    list_roster,
    require_agent,
    require_reading,
)

Availability = Literal["working", "idle", "paused", "attention", "draft", "retired"]
LATELY_DAYS: Final = 30
SPEND_DAYS: Final = 14
_IN_A_ROW: Final = 3
"""How many of its last attempts must have come to nothing before an agent needs attention."""


@dataclass(frozen=True, slots=True)
class AtWork:
    """An agent, what it does now, and how it did in the last 30 days.

    `under_way` and `waiting` count its runs that work and that wait for somebody. `line` is None where it did nothing,
    or where the numbers are not for the eyes of who asks. `spend` is in US dollars for each of the last 14 days, the
    last one today. `reason` says in words why it needs attention.
    """

    listed: Listed
    availability: Availability
    under_way: int = 0
    waiting: int = 0
    line: Performance | None = None
    spend: tuple[float, ...] = ()
    last_active: datetime | None = None
    reason: str = ""


async def agents_at_work(app: App, who: Principal, *, space: str | None = None) -> list[AtWork]:
    """Return the agents that somebody sees, by id; those that play in a space where one is named."""
    require_reading(who)
    listed = await list_roster(app, who)
    theirs = [one for one in listed if space is None or one.agent.plays_in(space)]
    attempts = await _attempts(app, who, AttemptsWanted(spaces=None if space is None else (space,)))
    by_agent: dict[str, list[Attempt]] = {}
    for attempt in attempts:
        by_agent.setdefault(attempt.agent, []).append(attempt)
    today = app.ports.clock.now().date()
    return [_at_work(one, by_agent.get(one.agent.id, ()), today) for one in theirs]


async def agent_at_work(app: App, who: Principal, agent_id: str) -> AtWork:
    """Return one agent.

    Raises:
        UnknownThing: there is none, or none that they see.
    """
    await require_agent(app, who, "agent.read", agent_id)
    listed = await find_in_roster(app, who, agent_id)
    attempts = await _attempts(app, who, AttemptsWanted(agent=agent_id))
    return _at_work(listed, attempts, app.ports.clock.now().date())


async def attempts_of(
    app: App, who: Principal, agent_id: str, *, days: int = LATELY_DAYS
) -> list[Attempt]:
    """Return the attempts of an agent in the last days, the latest first, as far as somebody sees them.

    Raises:
        UnknownThing: there is no such agent, or none that they see.
    """
    await require_agent(app, who, "agent.read", agent_id)
    since = app.ports.clock.now() - timedelta(days=days)
    found = await _attempts(app, who, AttemptsWanted(agent=agent_id, since=since))
    return list(reversed(found))


async def _attempts(app: App, who: Principal, wanted: AttemptsWanted) -> list[Attempt]:
    """Return attempts of the spaces whose numbers somebody sees; none where none are for them."""
    try:
        spaces = seen_spaces(who, "usage.read", wanted.spaces)
    except NotAllowed:
        return []
    lately = app.ports.clock.now() - timedelta(days=LATELY_DAYS)
    return await app.ports.store.attempts(
        replace(wanted, spaces=spaces, since=wanted.since or lately)
    )


def _at_work(listed: Listed, attempts: Sequence[Attempt], today: date) -> AtWork:
    under_way = sum(one.row is None and one.status == "running" for one in attempts)
    waiting = sum(one.row is None and one.status == "waiting" for one in attempts)
    reason = _reason(attempts)
    lines = performance(attempts, ())
    spent = trends(attempts, None, Period.until(today, SPEND_DAYS))
    return AtWork(
        listed,
        _availability(listed, under_way, reason),
        under_way,
        waiting,
        lines[0] if lines else None,
        spent[0].spend_usd if spent else (),
        max((one.ended_at or one.began_at for one in attempts), default=None),
        reason,
    )


def _reason(attempts: Sequence[Attempt]) -> str:
    settled = [one.accepted for one in attempts if one.accepted is not None]
    last = settled[-_IN_A_ROW:]
    if len(last) == _IN_A_ROW and not any(last):
        return f"none of its last {_IN_A_ROW} attempts stands"
    return ""


def _availability(listed: Listed, runs: int, reason: str) -> Availability:
    match listed.agent.state:
        case "draft" | "paused" | "retired" as state:
            return state
        case "live" | "trial":
            return "attention" if reason else "working" if runs else "idle"
