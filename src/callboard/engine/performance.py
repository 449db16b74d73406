"""Performance, measured from attempts: what work cost, how often it stood, how long it took.

An attempt is *accepted* when it passed its step and nothing later undid it, or, of a judge, when it gave a clear
verdict. Rates come with the 95 % interval of Wilson, means with that of Student; both say when the sample is too
small to be believed.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import ceil, sqrt
from statistics import fmean, median, stdev
from typing import Final, Literal

from callboard.domain.attempt_row import Attempt

Axis = Literal["agent", "version", "step", "space", "model"]
AXES: Final[tuple[Axis, ...]] = ("agent", "version", "step", "space", "model")

ENOUGH: Final = 20
"""How many settled attempts a line needs before its rates are worth comparing."""
_Z: Final = 1.959964
_T: Final = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228)
"""Student's t for 95 %, by degrees of freedom from 1."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A value with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Performance:
    """One line: the attempts of one agent, version, step, space or model.

    `attempts` counts all, `settled` those that are decided about, `accepted` those that stand; `tasks` the tasks with
    an accepted one. `error_rate` is the part that failed by itself, `rejection_rate` the part that was rejected or
    undone. `cost_usd` is what all settled ones cost, `per_accepted_usd` that divided by the accepted (the price of
    one that stands, failures included), `rework_usd` the cost of those that do not stand; `unknown_cost` counts
    those whose cost nobody knows, which are left out of the money. Times are in seconds.
    """

    key: tuple[str, ...]
    attempts: int
    settled: int
    accepted: int
    tasks: int
    acceptance: Interval | None
    error_rate: float | None
    rejection_rate: float | None
    cost_usd: Decimal
    cost: Interval | None
    per_accepted_usd: Decimal | None
    rework_usd: Decimal
    unknown_cost: int
    median_s: float | None
    p90_s: float | None
    input_tokens: int
    output_tokens: int
    run_ids: tuple[str, ...]

    @property
    def is_believable(self) -> bool:
        """Whether the sample is large enough to compare."""
        return self.settled >= ENOUGH


def performance(attempts: Iterable[Attempt], axes: Sequence[Axis]) -> list[Performance]:
    """Return a line for each combination of the axes, sorted by it."""
    groups: dict[tuple[str, ...], list[Attempt]] = {}
    for attempt in attempts:
        groups.setdefault(tuple(_KEYS[axis](attempt) for axis in axes), []).append(attempt)
    return [_line(key, groups[key]) for key in sorted(groups)]


def axis_value(attempt: Attempt, axis: Axis) -> str:
    """Return where an attempt stands on an axis."""
    return _KEYS[axis](attempt)


_KEYS: Final[dict[Axis, Callable[[Attempt], str]]] = {
    "agent": lambda attempt: attempt.agent,
    "version": lambda attempt: f"{attempt.agent}@{attempt.digest[:12]}",
    "step": lambda attempt: attempt.step,
    "space": lambda attempt: attempt.space,
    "model": lambda attempt: attempt.model or "",
}


def _line(key: tuple[str, ...], attempts: Sequence[Attempt]) -> Performance:
    settled = [one for one in attempts if one.accepted is not None]
    accepted = [one for one in settled if one.accepted]
    failed = [one for one in settled if _failed(one)]
    costs = [one.cost_usd for one in settled if one.cost_usd is not None]
    spent = sum(costs, Decimal(0))
    rework = sum((one.cost_usd or Decimal(0) for one in settled if not one.accepted), Decimal(0))
    times = sorted(
        (one.ended_at - one.began_at).total_seconds() for one in settled if one.ended_at is not None
    )
    count = len(settled)
    return Performance(
        key=key,
        attempts=len(attempts),
        settled=count,
        accepted=len(accepted),
        tasks=len({one.task or one.run_id for one in accepted}),
        acceptance=wilson(len(accepted), count),
        error_rate=len(failed) / count if count else None,
        rejection_rate=(count - len(accepted) - len(failed)) / count if count else None,
        cost_usd=spent,
        cost=mean_interval([float(cost) for cost in costs]),
        per_accepted_usd=spent / len(accepted) if accepted else None,
        rework_usd=rework,
        unknown_cost=count - len(costs),
        median_s=median(times) if times else None,
        p90_s=times[ceil(0.9 * len(times)) - 1] if times else None,
        input_tokens=sum(one.input_tokens for one in settled),
        output_tokens=sum(one.output_tokens for one in settled),
        run_ids=tuple(one.run_id for one in attempts),
    )


def _failed(attempt: Attempt) -> bool:
    return attempt.row is None or attempt.row.outcome == "failed"


def wilson(hits: int, of: int) -> Interval | None:
    """Return a rate with its 95 % interval by Wilson's score; None of nothing."""
    if not of:
        return None
    rate, square = hits / of, _Z * _Z
    middle = (rate + square / (2 * of)) / (1 + square / of)
    half = _Z * sqrt(rate * (1 - rate) / of + square / (4 * of * of)) / (1 + square / of)
    return Interval(rate, max(0.0, middle - half), min(1.0, middle + half))


def mean_interval(values: Sequence[float]) -> Interval | None:
    """Return a mean with its 95 % interval by Student's t; None of fewer than two values."""
    if len(values) < 2:
        return None
    degrees = len(values) - 1
    mean, half = fmean(values), _student(degrees) * stdev(values) / sqrt(len(values))
    return Interval(mean, mean - half, mean + half)


def _student(degrees: int) -> float:
    """Return Student's t for 95 %: beyond the table by its expansion around the normal's value."""
    if degrees <= len(_T):
        return _T[degrees - 1]
    first = (_Z**3 + _Z) / (4 * degrees)
    return _Z + first + (5 * _Z**5 + 16 * _Z**3 + 3 * _Z) / (96 * degrees**2)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two versions side by side. `verdict` says in a sentence what can be believed."""

    before: Performance
    after: Performance
    verdict: str


def compare(before: Performance, after: Performance) -> Comparison:
    """Compare two lines: a difference is believed where the intervals of both do not meet."""
    if not (before.is_believable and after.is_believable):
        few = min(before.settled, after.settled)
        return Comparison(before, after, f"too few to tell: {few} of {ENOUGH} attempts needed")
    parts = [
        _difference("accepted", before.acceptance, after.acceptance, "more often", "less often"),
        _difference("costs", before.cost, after.cost, "more", "less"),
    ]
    said = [part for part in parts if part]
    return Comparison(
        before, after, "; ".join(said) or "no difference that can be told from chance"
    )


def _difference(
    what: str, before: Interval | None, after: Interval | None, more: str, less: str
) -> str:
    if before is None or after is None:
        return ""
    if after.low > before.high:
        return f"{what} {more}"
    return f"{what} {less}" if after.high < before.low else ""
