"""A worker that has looked much rests; one that had leisure before looks again at once."""

from hypothesis import given
from hypothesis import strategies as st

from callboard.usecases.leisure import Leisure

LONG_S = 1e9
spans = st.floats(0, 2)


def test_after_a_quiet_while_a_few_short_looks_follow_each_other_without_a_rest():
    leisure, now = Leisure(0.0), 10.0
    for _ in range(20):
        now += 0.005
        assert leisure.rest_s(now, 0.005, LONG_S) == 0


@given(st.lists(st.tuples(spans, spans), max_size=60))
def test_over_time_four_times_as_long_is_not_spent_with_looking(looks):
    leisure, now, looked = Leisure(0.0), 0.0, 0.0
    for idle, took in looks:
        now += idle + took
        looked += took
        now += leisure.rest_s(now, took, LONG_S)
        assert looked <= 0.1 + (now - looked) / 4 + 1e-6


@given(st.lists(st.tuples(spans, spans), min_size=1, max_size=60), st.floats(0.01, 3))
def test_no_rest_is_longer_than_the_time_between_two_looks_and_the_remainder_is_forgiven(
    looks, most
):
    leisure, now = Leisure(0.0), 0.0
    for idle, took in looks:
        now += idle + took
        rest = leisure.rest_s(now, took, most)
        assert 0 <= rest <= most
        now += rest
    now += 10.0
    assert leisure.rest_s(now, 0.0, most) == 0
