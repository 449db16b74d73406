"""Amounts of money in whatever somebody writes."""

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from callboard.domain.usage import Usd
from callboard.engine.words import exact_dollars

amounts = TypeAdapter(Usd)


@pytest.mark.parametrize("text", ["", "much", "1,5", "1e999999", "٣ dollars", "--1"])
def test_what_is_no_amount_is_a_fault_of_the_value(text):
    with pytest.raises(ValidationError, match="amount in US dollars"):
        amounts.validate_python(text)


@pytest.mark.parametrize(
    ("given", "kept"), [("1.5", "1.500000000"), (0.1, "0.100000000"), (2, "2")]
)
def test_an_amount_is_kept_to_a_billionth(given, kept):
    assert str(amounts.validate_python(given)).startswith(kept)


@given(st.decimals(min_value=0, max_value=10**12, places=9))
def test_a_limit_is_said_to_its_last_digit_and_with_no_more_than_that(amount):
    said = exact_dollars(amount)
    assert Decimal(said.removeprefix("$").replace(",", "")) == amount
    assert re.fullmatch(r"\$[0-9]{1,3}(,[0-9]{3})*\.[0-9]{2}([0-9]{0,6}[1-9])?", said)
