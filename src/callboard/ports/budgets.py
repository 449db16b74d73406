"""Where limits are kept and money is reserved: one place for all processes."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from callboard.engine.budgets import Exhausted, Granted, Occupied, Standing, Wanted


@dataclass(frozen=True, slots=True)
class Account:
    """An account on a call's path, and its limit where the run itself brings one along."""

    name: str
    limit_usd: Decimal | None = None


class Budgets(Protocol):
    """Accounts with limits."""

    async def limited(self, names: Sequence[str]) -> tuple[str, ...]:
        """Return those of the accounts that have a limit. Cheap: asked before every model call, it may be a
        second old.
        """
        ...

    async def reserve(
        self, key: str, path: Sequence[Account], wanted: Wanted
    ) -> Granted | Exhausted | Occupied:
        """Reserve money on every account of the path that has a limit, all or none of them, for the call `key`.

        An account that is new takes the limit that it is given. What a process that died had reserved counts
        as spent. A key that is reserved already is settled first, as spent in full.
        """
        ...

    async def settle(self, key: str, cost_usd: Decimal | None) -> None:
        """Book what a call cost (None: nobody knows, so all that was reserved) and free the rest. Once only."""
        ...

    async def set_limit(self, name: str, limit_usd: Decimal) -> None:
        """Give an account a limit, or another one."""
        ...

    async def remove_limit(self, name: str) -> bool:
        """Take an account's limit away; return whether it had one."""
        ...

    async def standings(self) -> list[Standing]:
        """Return all accounts with limits, by name."""
        ...
