"""Notifications come close together after a quiet moment, and not more than fifty a second otherwise."""

from hypothesis import given
from hypothesis import strategies as st

from callboard.stores.postgres.bell import Pace


def test_the_first_few_after_a_quiet_second_come_close_together():
    pace = Pace()
    assert [pace.after(at) for at in (10.0, 10.003, 10.006, 10.009)] == [0.003] * 4
    assert pace.after(10.012) == 0.02
    assert pace.after(11.5) == 0.003


@given(st.lists(st.floats(0, 0.1), min_size=100, max_size=400))
def test_no_more_than_fifty_and_the_first_few_are_told_in_any_second(gaps):
    pace, now, told = Pace(), 0.0, []
    for gap in gaps:
        now += gap
        told.append(now)
        now += pace.after(now)
    assert all(sum(at <= one < at + 1 for one in told) <= 55 for at in told)
