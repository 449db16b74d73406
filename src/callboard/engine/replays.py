"""What a replay came to, side by side with what was done before."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from statistics import median

from callboard.domain.attempt_row import Attempt


@dataclass(frozen=True, slots=True)
class Replayed:
    """One input: the attempt that was made on it, and what came of doing it again in the run `run_id`. `cost_usd` is
    None where a part is unknown.
    """

    past: Attempt
    run_id: str
    passed: bool
    reason: str
    cost_usd: Decimal | None
    seconds: float

    @property
    def passed_before(self) -> bool:
        """Whether the attempt passed by the same measure: a judge by giving a verdict, whichever."""
        row = self.past.row
        return row is not None and (row.judged if row.judge else row.outcome == "passed")

    @property
    def seconds_before(self) -> float | None:
        """How long the attempt took."""
        ended = self.past.ended_at
        return None if ended is None else (ended - self.past.began_at).total_seconds()


@dataclass(frozen=True, slots=True)
class Skipped:
    """An input that could not be replayed, and why."""

    run_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Side:
    """One side of the comparison: `cost_usd` of all (None where a part is unknown), and the median of the times."""

    passed: int
    of: int
    cost_usd: Decimal | None
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Replay:
    """A version that did again what others did."""

    agent: str
    number: int
    cases: tuple[Replayed, ...] = ()
    skipped: tuple[Skipped, ...] = ()

    @property
    def before(self) -> Side:
        """How the others did."""
        cases = self.cases
        times = [one.seconds_before for one in cases]
        passed = sum(one.passed_before for one in cases)
        return Side(passed, len(cases), _sum(one.past.cost_usd for one in cases), _middle(times))

    @property
    def after(self) -> Side:
        """How this version did."""
        cases = self.cases
        passed = sum(one.passed for one in cases)
        times = [one.seconds for one in cases]
        return Side(passed, len(cases), _sum(one.cost_usd for one in cases), _middle(times))

    @property
    def is_worse(self) -> bool:
        """Whether fewer passed than before."""
        return self.after.passed < self.before.passed

    def __str__(self) -> str:
        """Return it in a line, for the record."""
        if not self.cases:
            return "nothing to replay"
        return (
            f"replayed {len(self.cases)}: {self.after.passed} passed, before {self.before.passed}"
        )


def _sum(costs: Iterable[Decimal | None]) -> Decimal | None:
    total = Decimal(0)
    for cost in costs:
        if cost is None:
            return None
        total += cost
    return total


def _middle(times: Iterable[float | None]) -> float | None:
    known = [one for one in times if one is not None]
    return median(known) if known else None
