"""A double of the budgets, and the contract that every adapter keeps."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from callboard.domain.usage import usd
from callboard.engine.budgets import (
    Exhausted,
    Granted,
    Occupied,
    Standing,
    Wanted,
    admit,
    settled,
)
from callboard.ports.budgets import Account, Budgets


@dataclass
class MemoryBudgets:
    """`callboard.ports.budgets.Budgets` in a dictionary."""

    accounts: dict[str, Standing] = field(default_factory=dict[str, Standing])
    held: dict[str, tuple[tuple[str, ...], Decimal]] = field(
        default_factory=dict[str, tuple[tuple[str, ...], Decimal]]
    )

    async def limited(self, names: Sequence[str]) -> tuple[str, ...]:
        """See the port."""
        return tuple(name for name in names if name in self.accounts)

    async def reserve(
        self, key: str, path: Sequence[Account], wanted: Wanted
    ) -> Granted | Exhausted | Occupied:
        """See the port."""
        await self.settle(key, None)
        for account in path:
            if account.limit_usd is not None:
                self.accounts.setdefault(account.name, Standing(account.name, account.limit_usd))
        names = tuple(account.name for account in path if account.name in self.accounts)
        said = admit([self.accounts[name] for name in names], wanted)
        if isinstance(said, Granted) and names:
            self.held[key] = names, said.amount_usd
            for name in names:
                one = self.accounts[name]
                reserved = one.reserved_usd + said.amount_usd
                self.accounts[name] = replace(one, reserved_usd=reserved)
        return said

    async def settle(self, key: str, cost_usd: Decimal | None) -> None:
        """See the port."""
        names, amount = self.held.pop(key, ((), Decimal(0)))
        for name in names:
            if name in self.accounts:
                self.accounts[name] = settled(self.accounts[name], amount, cost_usd)

    async def set_limit(self, name: str, limit_usd: Decimal) -> None:
        """See the port."""
        one = self.accounts.get(name, Standing(name, limit_usd))
        self.accounts[name] = replace(one, limit_usd=limit_usd)

    async def remove_limit(self, name: str) -> bool:
        """See the port."""
        return self.accounts.pop(name, None) is not None

    async def standings(self) -> list[Standing]:
        """See the port."""
        return [self.accounts[name] for name in sorted(self.accounts)]


class BudgetsContract:
    """Subclass it and give a fixture `budgets`: an empty adapter of the port."""

    async def test_what_is_reserved_is_not_there_for_others(self, budgets: Budgets) -> None:
        """A second call waits for the first, or goes beside it where there is room."""
        path = (Account("run:a", usd("1")),)
        assert await budgets.reserve("k1", path, exactly("0.6")) == Granted(usd("0.6"))
        assert await budgets.reserve("k2", path, exactly("0.6")) == Occupied()
        assert await budgets.reserve("k3", path, exactly("0.4")) == Granted(usd("0.4"))
        await budgets.settle("k1", usd("0.1"))
        assert await budgets.reserve("k2", path, exactly("0.5")) == Granted(usd("0.5"))

    async def test_a_call_needs_room_on_every_account_of_its_path(self, budgets: Budgets) -> None:
        """Where one account lacks it, nothing is reserved on the others."""
        await budgets.set_limit("organisation", usd("0.5"))
        path = (Account("organisation"), Account("run:a", usd("10")))
        said = await budgets.reserve("k1", path, exactly("0.6"))
        assert isinstance(said, Exhausted)
        assert said.standing.account == "organisation"
        assert all(one.reserved_usd == 0 for one in await budgets.standings())

    async def test_exactly_what_is_left_is_enough_and_nothing_more_is(
        self, budgets: Budgets
    ) -> None:
        """Equal is not over."""
        path = (Account("run:a", usd("1")),)
        assert await budgets.reserve("k1", path, exactly("1")) == Granted(usd("1"))
        await budgets.settle("k1", usd("1"))
        assert isinstance(await budgets.reserve("k2", path, exactly("0.000000001")), Exhausted)
        assert await budgets.reserve("k3", path, exactly("0")) == Granted(usd("0"))

    async def test_a_call_of_unknown_price_has_the_account_to_itself(
        self, budgets: Budgets
    ) -> None:
        """And counts in full where nobody can say afterwards what it cost."""
        path = (Account("run:a", usd("1")),)
        assert await budgets.reserve("k1", path, Wanted()) == Granted(usd("1"))
        assert await budgets.reserve("k2", path, Wanted()) == Occupied()
        await budgets.settle("k1", usd("0.25"))
        assert await budgets.reserve("k2", path, Wanted()) == Granted(usd("0.75"))
        await budgets.settle("k2", None)
        assert isinstance(await budgets.reserve("k3", path, Wanted()), Exhausted)

    async def test_a_call_takes_less_than_its_most_where_no_more_is_free(
        self, budgets: Budgets
    ) -> None:
        """The answer is bounded by what was granted."""
        path = (Account("run:a", usd("1")),)
        wanted = Wanted(usd("0.1"), usd("0.8"))
        assert await budgets.reserve("k1", path, wanted) == Granted(usd("0.8"))
        assert await budgets.reserve("k2", path, wanted) == Granted(usd("0.2"))

    async def test_settling_twice_books_once(self, budgets: Budgets) -> None:
        """So that a crash between a call and its record cannot book it again."""
        path = (Account("run:a", usd("1")),)
        await budgets.reserve("k1", path, exactly("0.5"))
        await budgets.settle("k1", usd("0.3"))
        await budgets.settle("k1", usd("0.3"))
        (standing,) = await budgets.standings()
        assert (standing.spent_usd, standing.reserved_usd) == (usd("0.3"), 0)

    async def test_a_call_made_again_after_a_crash_counts_twice(self, budgets: Budgets) -> None:
        """What the first attempt cost is not known: it counts as all that it was allowed."""
        path = (Account("run:a", usd("1")),)
        await budgets.reserve("k1", path, exactly("0.5"))
        assert await budgets.reserve("k1", path, exactly("0.5")) == Granted(usd("0.5"))
        (standing,) = await budgets.standings()
        assert (standing.spent_usd, standing.reserved_usd) == (usd("0.5"), usd("0.5"))

    async def test_a_limit_can_be_raised_lowered_and_taken_away(self, budgets: Budgets) -> None:
        """What was spent stays spent."""
        path = (Account("run:a", usd("1")),)
        await budgets.reserve("k1", path, exactly("1"))
        await budgets.settle("k1", usd("1"))
        await budgets.set_limit("run:a", usd("3"))
        assert await budgets.reserve("k2", path, exactly("2")) == Granted(usd("2"))
        assert await budgets.limited(("run:a", "run:b")) == ("run:a",)
        assert await budgets.remove_limit("run:a")
        assert not await budgets.remove_limit("run:a")
        assert await budgets.standings() == []

    async def test_two_hundred_calls_at_once_never_pass_the_limit(self, budgets: Budgets) -> None:
        """Whatever each of them costs, up to what it was granted."""
        path = (Account("organisation"), Account("run:a", usd("1")))
        await budgets.set_limit("organisation", usd("0.9"))

        async def call(number: int) -> Decimal:
            wanted = Wanted(usd("0.001"), usd("0.02") * (number % 5 + 1))
            said = await budgets.reserve(f"k{number}", path, wanted)
            while isinstance(said, Occupied):
                await asyncio.sleep(0)
                said = await budgets.reserve(f"k{number}", path, wanted)
            if not isinstance(said, Granted):
                return Decimal(0)
            cost = said.amount_usd * (number % 4) / 4
            await budgets.settle(f"k{number}", usd(cost))
            return usd(cost)

        costs = await asyncio.gather(*(call(number) for number in range(200)))
        assert 0 < sum(costs) <= usd("0.9")
        for standing in await budgets.standings():
            assert (standing.spent_usd, standing.reserved_usd) == (sum(costs), 0)


def exactly(amount: str) -> Wanted:
    """Return the wish for one certain amount."""
    return Wanted(usd(amount), usd(amount))
