"""Money that is not there."""

from typing import Literal

from callboard.domain.events.event import Event
from callboard.domain.usage import Usd


class BudgetReached(Event):
    """The next model call was not made: `account` has not enough left. `least_usd` is what the call needs
    (None: its price is not known).
    """

    type: Literal["budget.reached"] = "budget.reached"
    account: str
    limit_usd: Usd
    spent_usd: Usd
    least_usd: Usd | None = None
