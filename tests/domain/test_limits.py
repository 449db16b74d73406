"""Bounds of a run, and what is left of them for its children."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callboard.domain.definition.agent import Limits
from callboard.domain.run.state import RunState
from callboard.domain.usage import usd
from callboard.engine.limits import (
    DEFAULT_DEPTH,
    DEFAULT_TURNS,
    breach,
    budget_path,
    child_limits,
    deadline,
    effective_limits,
    ends_before,
)

from .logs import START, answered, created, state_after
from .made import amounts

bounds = st.builds(
    Limits,
    turns=st.none() | st.integers(1, 500),
    cost_usd=st.none() | amounts,
    wall_time_s=st.none() | st.floats(0.5, 10_000),
    depth=st.none() | st.integers(0, 9),
)


def spent(limits: Limits, *costs: Decimal | None, seconds: float | None = None) -> RunState:
    """A run with these limits after answers that cost so much."""
    deadline_at = None if seconds is None else START + timedelta(seconds=seconds)
    events = [
        event
        for turn, cost in enumerate(costs, start=1)
        for event in answered("t", turn=turn, cost_usd=cost)
    ]
    return state_after(*events, first=created(limits=limits, deadline_at=deadline_at))


def code(state: RunState) -> str | None:
    found = breach(state)
    return None if found is None else found.code


@given(st.lists(bounds, min_size=1, max_size=4))
def test_the_tightest_bound_of_each_kind_is_in_effect(given_bounds):
    effective = effective_limits(*given_bounds)
    for name in ("turns", "cost_usd", "wall_time_s", "depth"):
        values = [value for one in given_bounds if (value := getattr(one, name)) is not None]
        value = getattr(effective, name)
        if values and name != "depth":
            assert value == min(values)
        elif values:
            assert value == min(*values, DEFAULT_DEPTH)


def test_turns_and_depth_are_bounded_even_if_nobody_says_so():
    assert effective_limits() == Limits(turns=DEFAULT_TURNS, depth=DEFAULT_DEPTH)
    assert effective_limits(Limits(turns=500)).turns == 500
    assert effective_limits(Limits(depth=50)).depth == DEFAULT_DEPTH


@given(bounds, bounds)
def test_limits_together_are_never_looser_than_either(left, right):
    both = effective_limits(left, right)
    for one in (left, right):
        assert one.turns is None or (both.turns or 0) <= one.turns
        assert one.cost_usd is None or (both.cost_usd is not None and both.cost_usd <= one.cost_usd)
        assert one.depth is None or (both.depth or 0) <= one.depth


@given(bounds, bounds)
def test_a_child_draws_on_its_own_budget_and_on_those_of_the_runs_above_it(parent, own):
    state = spent(parent, usd("0.01"))
    accounts = budget_path(state)
    if parent.cost_usd is None:
        assert accounts == ()
    else:
        assert [(one.run_id, one.limit_usd) for one in accounts] == [
            (state.run_id, parent.cost_usd)
        ]
    assert child_limits(state, own, START).cost_usd == own.cost_usd


@given(bounds, bounds)
def test_a_childs_bounds_are_within_its_parents_and_its_own(parent, own):
    state = spent(parent, seconds=parent.wall_time_s)
    child = child_limits(state, own, START)
    assert own.turns is None or (child.turns or 0) <= own.turns
    assert parent.turns is None or (child.turns or 0) <= parent.turns
    assert parent.depth is None or child.depth is None or child.depth <= max(parent.depth - 1, 0)
    if parent.wall_time_s is not None:
        assert child.wall_time_s is not None
        assert child.wall_time_s <= parent.wall_time_s + 1e-6


@given(st.integers(0, 6))
def test_depth_runs_out_after_as_many_levels_as_it_says(depth):
    state = spent(Limits(turns=10, depth=depth))
    levels = 0
    while (state.created.limits.depth or 0) > 0:
        levels += 1
        state = spent(child_limits(state, Limits(), START))
    assert levels == min(depth, DEFAULT_DEPTH) or levels == depth


def test_a_child_of_a_run_whose_time_is_over_still_gets_a_deadline():
    state = spent(Limits(), seconds=10)
    child = child_limits(state, Limits(), START + timedelta(seconds=60))
    assert child.wall_time_s == 0.001


@pytest.mark.parametrize(("turns", "reached"), [(1, False), (2, False), (3, True)])
def test_no_turn_follows_the_last_one(turns, reached):
    state = spent(Limits(turns=3), *[Decimal(0)] * turns)
    assert code(state) == ("turn_limit" if reached else None)


@pytest.mark.parametrize(
    ("costs", "wanted"),
    [
        ([], None),
        (["0.04"], None),
        (["0.05", "0.04"], None),
        (["0.05", "0.05"], "budget_limit"),
        (["0.20"], "budget_limit"),
        ([None], "budget_unknown_cost"),
        (["0.20", None], "budget_unknown_cost"),
    ],
)
def test_a_budget_that_is_spent_or_cannot_be_kept_ends_the_run(costs, wanted):
    state = spent(Limits(cost_usd=usd("0.1")), *[None if c is None else usd(c) for c in costs])
    assert code(state) == wanted


def test_an_unknown_cost_is_no_matter_without_a_budget():
    assert code(spent(Limits(), None, None)) is None


def test_a_budget_of_nothing_permits_no_model_call():
    assert code(spent(Limits(cost_usd=usd(0)))) == "budget_limit"


@pytest.mark.parametrize(("seconds", "wanted"), [(1.9, "wall_time_limit"), (2.5, None)])
def test_time_is_counted_to_the_last_event_of_the_log(seconds, wanted):
    assert code(spent(Limits(), Decimal(0), seconds=seconds)) == wanted


def test_a_wait_that_would_outlast_the_deadline_is_not_begun():
    state = spent(Limits(), seconds=10)
    assert not ends_before(state, 9.9)
    assert ends_before(state, 10)


def test_a_deadline_follows_from_the_start_and_the_wall_time():
    assert deadline(START, Limits()) is None
    assert deadline(START, Limits(wall_time_s=1.5)) == START + timedelta(seconds=1.5)
