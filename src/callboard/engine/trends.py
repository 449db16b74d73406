"""Performance over time: what attempts cost, how often they failed and how long they took, by days or weeks."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from statistics import median

from callboard.domain.attempt_row import Attempt
from callboard.engine.performance import Axis, axis_value, performance


@dataclass(frozen=True, slots=True)
class Period:
    """`count` times of `step` days each (UTC), the first of which begins on the day `first`."""

    first: date
    count: int
    step: int = 1

    @classmethod
    def until(cls, last: date, days: int, step: int = 1) -> "Period":
        """Return the period of at least so many days that ends with a day."""
        count = -(-days // step)
        return cls(last - timedelta(days=count * step - 1), count, step)

    def place(self, at: datetime) -> int | None:
        """Return which of its times a moment belongs to, from 0; None: none."""
        place = (at.astimezone(timezone.utc).date() - self.first).days // self.step
        return place if 0 <= place < self.count else None

    @property
    def days(self) -> list[date]:
        """The first day of each of its times."""
        return [self.first + timedelta(days=number * self.step) for number in range(self.count)]


@dataclass(frozen=True, slots=True)
class Trend:
    """One agent, version, step, space or model over a period. Costs are US dollars, times seconds, rates shares;
    None: nothing was settled in that time.

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
class _Time:
    cost_usd: float | None = None
    error_rate: float | None = None
    median_s: float | None = None
    p90_s: float | None = None
    spend_usd: float = 0.0
    settled: int = 0


def trends(attempts: Iterable[Attempt], axis: Axis | None, period: Period) -> list[Trend]:
    """Return a trend for each thing on an axis, by name; without an axis one of everything, named nothing."""
    groups: dict[str, dict[int, list[Attempt]]] = {}
    for attempt in attempts:
        place = period.place(attempt.began_at)
        if place is not None:
            key = "" if axis is None else axis_value(attempt, axis)
            groups.setdefault(key, {}).setdefault(place, []).append(attempt)
    return [_trend(key, groups[key], period.count) for key in sorted(groups)]


def _trend(key: str, by_time: dict[int, list[Attempt]], count: int) -> Trend:
    found = [_time(by_time.get(place, ())) for place in range(count)]
    return Trend(
        key,
        tuple(one.cost_usd for one in found),
        tuple(one.error_rate for one in found),
        tuple(one.median_s for one in found),
        tuple(one.p90_s for one in found),
        tuple(one.spend_usd for one in found),
        tuple(one.settled for one in found),
    )


def _time(attempts: Sequence[Attempt]) -> _Time:
    if not attempts:
        return _Time()
    (line,) = performance(attempts, ())
    costs = [
        one.cost_usd for one in attempts if one.accepted is not None and one.cost_usd is not None
    ]
    middle = float(median(costs)) if costs else None
    spent = float(line.cost_usd)
    return _Time(middle, line.error_rate, line.median_s, line.p90_s, spent, line.settled)
