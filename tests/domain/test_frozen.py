"""Values that are made without a look at their fields."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from callboard.domain.frozen import changed, unchecked, value
from callboard.domain.usage import Bill, Usage, usd


@value
class Place:
    """A value of the kind that every turn makes."""

    row: int
    seat: str = "a"


AMOUNTS = st.integers(0, 10**15).map(lambda nano: usd(Decimal(nano).scaleb(-9)))


@given(AMOUNTS, st.booleans())
def test_a_value_that_was_not_looked_at_is_the_same_as_one_that_was(
    amount: Decimal, has_unknown: bool
) -> None:
    quick = unchecked(Bill, known_usd=amount, has_unknown=has_unknown)
    slow = Bill(known_usd=amount, has_unknown=has_unknown)
    assert quick == slow
    assert hash(quick) == hash(slow)
    assert repr(quick) == repr(slow)
    assert quick.model_dump_json() == slow.model_dump_json()
    assert quick.model_dump(exclude_unset=True) == slow.model_dump(exclude_unset=True)
    assert quick.model_copy(update={"has_unknown": True}).known_usd == amount
    assert Bill.model_validate(quick) == slow


@given(st.lists(AMOUNTS, max_size=5))
def test_sums_of_money_are_exact_however_they_are_summed(amounts: list[Decimal]) -> None:
    one_by_one, merged = Bill(), Bill()
    for amount in amounts:
        one_by_one = one_by_one.plus(amount)
        merged = Bill().plus(amount).merged(merged)
    assert one_by_one == merged == Bill(known_usd=sum(amounts, Decimal(0)))


def test_the_sum_of_two_usages_counts_every_kind_of_token() -> None:
    one = Usage(input_tokens=5, output_tokens=4, cache_read_tokens=3, cache_write_tokens=2)
    both = one + Usage(input_tokens=1, reasoning_tokens=1)
    assert both == Usage(
        input_tokens=6,
        output_tokens=4,
        cache_read_tokens=3,
        cache_write_tokens=2,
        reasoning_tokens=1,
    )


def test_a_value_equals_its_like_and_is_found_in_their_place() -> None:
    assert Place(1) == Place(1, "a") != Place(1, "b")
    assert {Place(1), Place(1, "a")} == {Place(1)}
    assert repr(Place(1)) == "Place(row=1, seat='a')"


def test_a_changed_value_leaves_the_one_before_it_as_it_was() -> None:
    before = Place(1)
    assert changed(before, seat="b") == Place(1, "b")
    assert before == Place(1, "a")
