"""Budgets keep their contract, in memory and in a real file, across processes that die."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callboard.domain.usage import usd
from callboard.engine.budgets import (
    Exhausted,
    Granted,
    Occupied,
    Standing,
    Wanted,
    admit,
    output_tokens_for,
    settled,
)
from callboard.ports.budgets import Account
from callboard.stores.sqlite.store import SqliteEventStore
from callboard.testing.budgets import BudgetsContract, MemoryBudgets, exactly

pytestmark = pytest.mark.anyio

amounts = st.decimals(0, 5, places=3).map(usd)
standings = st.builds(Standing, st.just("a"), amounts, amounts, amounts)
wishes = st.just(Wanted()) | st.tuples(amounts, amounts).map(
    lambda pair: Wanted(min(pair), max(pair))
)


class TestInMemory(BudgetsContract):
    @pytest.fixture
    def budgets(self):
        return MemoryBudgets()


class TestInAFile(BudgetsContract):
    @pytest.fixture
    def budgets(self, sqlite_store):
        return sqlite_store.budgets


@given(st.lists(standings, min_size=1, max_size=4), wishes)
def test_what_is_granted_is_never_more_than_what_is_free_anywhere(path, wanted):
    said = admit(path, wanted)
    if isinstance(said, Granted):
        assert said.amount_usd <= min(standing.free_usd for standing in path)
        assert wanted.least_usd is None or said.amount_usd >= wanted.least_usd
        assert wanted.most_usd is None or said.amount_usd <= wanted.most_usd


@given(st.lists(standings, min_size=1, max_size=4), wishes)
def test_a_call_waits_only_where_it_could_go_on_once_all_others_came_to_nothing(path, wanted):
    alone = [Standing(one.account, one.limit_usd, one.spent_usd) for one in path]
    said = admit(path, wanted)
    assert isinstance(said, Exhausted) == isinstance(admit(alone, wanted), Exhausted)
    if isinstance(said, Occupied):
        assert isinstance(admit(alone, wanted), Granted)


@given(standings, st.lists(st.tuples(wishes, st.fractions(0, 1) | st.none()), max_size=30))
def test_calls_that_cost_at_most_what_they_were_granted_never_pass_the_limit(standing, calls):
    if standing.free_usd < 0:
        return
    for wanted, share in calls:
        said = admit([standing], wanted)
        if not isinstance(said, Granted):
            continue
        held = Standing(
            "a", standing.limit_usd, standing.spent_usd, standing.reserved_usd + said.amount_usd
        )
        cost = None if share is None else said.amount_usd * share.numerator / share.denominator
        standing = settled(held, said.amount_usd, cost)
        assert standing.spent_usd <= standing.limit_usd


def test_the_zero_the_equal_and_the_unknown_case():
    nothing, full = Standing("a", usd(0)), Standing("a", usd(1), usd(1))
    assert admit([nothing], exactly("0")) == Granted(usd(0))
    assert isinstance(admit([nothing], exactly("0.000000001")), Exhausted)
    assert isinstance(admit([nothing], Wanted()), Exhausted)
    assert isinstance(admit([full], Wanted()), Exhausted)
    assert admit([Standing("a", usd(1))], exactly("1")) == Granted(usd(1))
    assert isinstance(admit([], Wanted()), Granted)


@pytest.mark.parametrize(
    ("amount", "of_input", "token", "tokens"),
    [("1", "0.25", "0.00001", 75_000), ("1", "2", "0.1", 0), ("1", "0", "0", None)],
)
def test_an_answer_may_be_as_long_as_what_was_granted_pays_for(amount, of_input, token, tokens):
    assert output_tokens_for(usd(amount), usd(of_input), Decimal(token)) == tokens


async def test_what_a_dead_process_had_reserved_counts_as_spent(tmp_path):
    path = tmp_path / "callboard.db"
    account = (Account("run:a", usd("1")),)
    dying = await SqliteEventStore.open(path)
    assert await dying.budgets.reserve("k1", account, exactly("0.75")) == Granted(usd("0.75"))
    living = await SqliteEventStore.open(path)
    assert await living.budgets.reserve("k2", account, exactly("0.5")) == Occupied()
    await dying.close()  # its lock is gone, as it is when a process is killed
    assert isinstance(
        await living.budgets.reserve("k2", account, exactly("0.5")), Exhausted | Occupied
    )
    assert isinstance(await living.budgets.reserve("k2", account, exactly("0.5")), Exhausted)
    assert await living.budgets.reserve("k2", account, exactly("0.25")) == Granted(usd("0.25"))
    await living.close()


async def test_a_limit_that_another_process_sets_is_known_before_the_next_second(tmp_path):
    path = tmp_path / "callboard.db"
    one, other = await SqliteEventStore.open(path), await SqliteEventStore.open(path)
    await other.budgets.set_limit("organisation", usd("5"))
    assert await one.budgets.limited(("organisation", "run:a")) == ("organisation",)
    await one.close()
    await other.close()
