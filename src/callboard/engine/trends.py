"""Performance over days: what attempts cost, how often they failed and how long they took, day by day."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta, timezone
from statistics import median

from callboard.domain.attempt_row import Attempt
from callboard.engine.performance import Axis, axis_value, performance


@dataclass(frozen=True, slots=True)
class Trend:
    """One agent, version, step, space or model over days (UTC), the first day first. Costs are US dollars, times
    seconds, rates shares; None: nothing was settled on that day.

    `cost_usd` is the median of an attempt, `spend_usd` the sum of all whose cost is known, `settled` how many there were.
    """

    key: str
    cost_usd: tuple[float | None, ...]
    error_rate: tuple[float | None, ...]
    median_s: tuple[float | None, ...]
    p90_s: tuple[float | None, ...]
    spend_usd: tuple[float, ...]
    settled: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Day:
    cost_usd: float | None = None
    error_rate: float | None = None
    median_s: float | None = None
    p90_s: float | None = None
    spend_usd: float = 0.0
    settled: int = 0


def trends(attempts: Iterable[Attempt], axis: Axis | None, first: date, days: int) -> list[Trend]:
    """Return a trend for each thing on an axis, by name; without an axis one of everything, named nothing."""
    groups: dict[str, dict[int, list[Attempt]]] = {}
    for attempt in attempts:
        day = (attempt.began_at.astimezone(timezone.utc).date() - first).days
        if 0 <= day < days:
            key = "" if axis is None else axis_value(attempt, axis)
            groups.setdefault(key, {}).setdefault(day, []).append(attempt)
    return [_trend(key, groups[key], days) for key in sorted(groups)]


def days_from(first: date, days: int) -> list[date]:
    """Return days in a row."""
    return [first + timedelta(days=number) for number in range(days)]


def _trend(key: str, by_day: dict[int, list[Attempt]], days: int) -> Trend:
    found = [_day(by_day.get(day, ())) for day in range(days)]
    return Trend(
        key,
        tuple(one.cost_usd for one in found),
        tuple(one.error_rate for one in found),
        tuple(one.median_s for one in found),
        tuple(one.p90_s for one in found),
        tuple(one.spend_usd for one in found),
        tuple(one.settled for one in found),
    )


def _day(attempts: Sequence[Attempt]) -> _Day:
    if not attempts:
        return _Day()
    (line,) = performance(attempts, ())
    costs = [
        one.cost_usd for one in attempts if one.accepted is not None and one.cost_usd is not None
    ]
    middle = float(median(costs)) if costs else None
    spent = float(line.cost_usd)
    return _Day(middle, line.error_rate, line.median_s, line.p90_s, spent, line.settled)
