"""Budgets: whether a call may begin, given what is spent and what calls under way have reserved.

Accounts form a path (organisation, task, run, child run); a call needs room in each of them. Nothing is ever
promised twice, so that calls side by side cannot spend more than the limit, whatever they come to.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from callboard.domain.usage import NANO

ORGANISATION = "organisation"
"""The name of the organisation's account."""


def space_account(space: str) -> str:
    """Return the name of a space's account."""
    return f"space:{space}"


def run_account(run_id: str) -> str:
    """Return the name of the account of a run that brought a budget along."""
    return f"run:{run_id}"


@dataclass(frozen=True, slots=True)
class Standing:
    """An account: its limit, what was spent and what is reserved, in US dollars."""

    account: str
    limit_usd: Decimal
    spent_usd: Decimal = Decimal(0)
    reserved_usd: Decimal = Decimal(0)

    @property
    def left_usd(self) -> Decimal:
        """What would be left if no call were under way."""
        return self.limit_usd - self.spent_usd

    @property
    def free_usd(self) -> Decimal:
        """What nobody has reserved."""
        return self.left_usd - self.reserved_usd


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a call may cost: at `least_usd` it is worth making, `most_usd` is all that it could come to.

    Both None: its price is not known, and it takes everything there is.
    """

    least_usd: Decimal | None = None
    most_usd: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Granted:
    """The call may begin and cost this much."""

    amount_usd: Decimal


@dataclass(frozen=True, slots=True)
class Exhausted:
    """The call may not begin: this account has not enough left, even once all calls under way are settled."""

    standing: Standing


@dataclass(frozen=True, slots=True)
class Occupied:
    """The call may begin once calls that are under way have left enough."""


def admit(path: Sequence[Standing], wanted: Wanted) -> Granted | Exhausted | Occupied:
    """Return whether a call may begin. Without accounts it may cost anything."""
    for standing in path:
        if _lacks(standing.left_usd, wanted):
            return Exhausted(standing)
    free = min((standing.free_usd for standing in path), default=Decimal("Infinity"))
    if wanted.least_usd is None or wanted.most_usd is None:
        busy = any(standing.reserved_usd > 0 for standing in path)
        return Occupied() if busy else Granted(free)
    if free < wanted.least_usd:
        return Occupied()
    return Granted(min(free, wanted.most_usd))


def _lacks(left: Decimal, wanted: Wanted) -> bool:
    if wanted.least_usd is None:
        return left <= 0
    return left < wanted.least_usd


def settled(standing: Standing, reserved_usd: Decimal, cost_usd: Decimal | None) -> Standing:
    """Return an account after a call. One whose cost nobody knows has cost what it was allowed to."""
    spent = reserved_usd if cost_usd is None else cost_usd
    return Standing(
        standing.account,
        standing.limit_usd,
        standing.spent_usd + spent,
        standing.reserved_usd - reserved_usd,
    )


def output_tokens_for(amount_usd: Decimal, input_usd: Decimal, token_usd: Decimal) -> int | None:
    """Return how many tokens an answer may have, or None where they cost nothing."""
    if token_usd <= 0:
        return None
    return int(max(amount_usd - input_usd, Decimal(0)) / token_usd)


def rounded_up(amount_usd: Decimal) -> Decimal:
    """Return an amount in whole nano-dollars, never less than it was."""
    return amount_usd.quantize(NANO, rounding="ROUND_CEILING")
