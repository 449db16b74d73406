from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callboard.domain.usage import Bill
from callboard.web.render.words import (
    NOTHING,
    age,
    amount,
    bill,
    change,
    digits,
    percent,
    short,
    span,
    tokens,
    usd,
)

NOON = datetime(2026, 1, 1, 12, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "unknown"),
        (0, "$0.00"),
        (1.694, "$1.69"),
        (Decimal(1_284), "$1,284.00"),
        (0.0042, "$0.0042"),
        (0.00001, "< $0.0001"),
        (-2, "\u2212$2.00"),
        (float("nan"), "unknown"),
    ],
)
def test_money_is_said_in_cents_or_in_what_is_less(value: Decimal | float | None, said: str):
    assert usd(value) == said


@pytest.mark.parametrize(
    ("spent", "said"),
    [
        (Bill(known_usd=Decimal("0.1075")), "$0.11"),
        (Bill(known_usd=Decimal(2), has_unknown=True), "$2.00 + unknown"),
        (Bill(has_unknown=True), "cost unknown"),
    ],
)
def test_a_bill_says_what_is_not_known_of_it(spent: Bill, said: str):
    assert bill(spent) == said


@pytest.mark.parametrize(
    ("value", "typed"),
    [
        (None, ""),
        (Decimal("40.000000000"), "40"),
        (Decimal("0.250"), "0.25"),
        (Decimal("1E-9"), "0.000000001"),
    ],
)
def test_an_amount_stands_in_a_form_as_somebody_would_type_it(value: Decimal | None, typed: str):
    assert digits(value) == typed


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0.0 s"),
        (6.24, "6.2 s"),
        (41, "41 s"),
        (60, "1 min"),
        (5_400, "90 min"),
        (12_600, "3.5 h"),
        (1e6, "12 d"),
        (None, NOTHING),
        (float("inf"), NOTHING),
    ],
)
def test_a_length_of_time_has_one_unit(seconds: float | None, said: str):
    assert span(seconds) == said


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (0, "0"),
        (84, "84"),
        (999, "999"),
        (1_000, "1.0 k"),
        (84_321, "84 k"),
        (999_999, "1.0 M"),
        (1_234_567, "1.2 M"),
        (2e9, "2.0 G"),
    ],
)
def test_a_count_is_short(number: float, said: str):
    assert short(number) == said


def test_tokens_are_said_as_they_went():
    assert tokens(1_234_567, 84_321) == "1.2 M in \u00b7 84 k out"


def test_an_age_has_its_largest_unit():
    assert age(NOON - timedelta(seconds=3), NOON) == "just now"
    assert age(NOON - timedelta(minutes=3), NOON) == "3 min ago"


def test_a_share_is_said_in_percent():
    assert percent(0.9204) == "92.0%"
    assert percent(None) == percent(1e307) == NOTHING
    assert percent(None) == NOTHING


@pytest.mark.parametrize(
    ("now", "before", "unit", "said"),
    [
        (109, 100, "count", "+9%"),
        (88, 100, "usd", "\u221212%"),
        (0.031, 0.023, "percent", "+0.8 points"),
        (0.02, 0.02, "percent", "the same"),
        (1, 0, "count", None),
        (None, 1, "count", None),
        (1, None, "count", None),
    ],
)
def test_a_change_is_said_against_what_was_before(
    now: float | None, before: float | None, unit: str, said: str | None
):
    assert change(now, before, unit) == said  # pyright: ignore[reportArgumentType]


@settings(deadline=None)
@given(st.none() | st.floats(), st.sampled_from(["usd", "percent", "seconds", "count"]))
def test_any_number_can_be_said(value: float | None, unit: str):
    assert amount(value, unit)  # pyright: ignore[reportArgumentType]
