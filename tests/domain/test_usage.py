"""Tokens and money add up exactly, and unknown stays unknown."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callboard.domain.usage import Bill, Usage, usd

from .made import amounts, usages

costs = st.none() | amounts
bills = st.builds(Bill, known_usd=amounts, has_unknown=st.booleans())


def bill_of(items: list[Decimal | None]) -> Bill:
    bill = Bill()
    for item in items:
        bill = bill.plus(item)
    return bill


@given(st.lists(costs, max_size=20), st.randoms())
def test_a_bill_is_the_same_in_any_order(items, chance):
    shuffled = list(items)
    chance.shuffle(shuffled)
    assert bill_of(items) == bill_of(shuffled)


@given(st.lists(costs, max_size=20))
def test_a_bill_is_the_exact_sum_of_what_is_known(items):
    known = [item for item in items if item is not None]
    assert bill_of(items).known_usd == sum(known, Decimal(0))


@given(st.lists(costs, max_size=20))
def test_a_total_is_known_only_if_every_item_is(items):
    bill = bill_of(items)
    assert (bill.total_usd is None) == (None in items)


@given(st.lists(costs, max_size=10), st.lists(costs, max_size=10))
def test_two_bills_together_are_the_bill_of_all_items(left, right):
    assert bill_of(left).merged(bill_of(right)) == bill_of([*left, *right])


@given(bills, bills, bills)
def test_merging_bills_is_associative_and_commutative(first, second, third):
    assert first.merged(second) == second.merged(first)
    assert first.merged(second).merged(third) == first.merged(second.merged(third))
    assert first.merged(Bill()) == first


def test_nothing_spent_is_not_the_same_as_unknown():
    assert Bill().total_usd == 0
    assert Bill().plus(Decimal(0)).total_usd == 0
    assert Bill().plus(None).total_usd is None


def test_once_unknown_a_bill_stays_unknown():
    assert Bill().plus(None).plus(usd(1)).merged(Bill()).total_usd is None


@given(bills)
def test_a_bill_survives_its_json_form(bill):
    assert Bill.model_validate_json(bill.model_dump_json()) == bill


def test_money_is_a_number_in_json():
    assert json.loads(Bill(known_usd=usd("0.25")).model_dump_json())["known_usd"] == 0.25


@pytest.mark.parametrize(
    ("value", "amount"),
    [
        (0.1, "0.1"),
        (0.1 + 0.2, "0.3"),
        ("0.000000001", "0.000000001"),
        ("0.0000000004", "0"),
        ("0.0000000006", "0.000000001"),
        (3, "3"),
        (Decimal("1.005"), "1.005"),
    ],
)
def test_an_amount_is_rounded_to_a_billionth_and_a_float_is_what_it_says(value, amount):
    assert usd(value) == Decimal(amount)


@given(usages, usages, usages)
def test_tokens_add_up_field_by_field_in_any_order(first, second, third):
    assert first + second == second + first
    assert (first + second) + third == first + (second + third)
    assert first + Usage() == first
    for field in Usage.model_fields:
        assert getattr(first + second, field) == getattr(first, field) + getattr(second, field)
