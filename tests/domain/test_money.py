"""Amounts of money in whatever somebody writes."""

import pytest
from pydantic import TypeAdapter, ValidationError

from callboard.domain.usage import Usd

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
