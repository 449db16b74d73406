"""Performance: what is counted, and what can be believed."""

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callboard.domain.attempt_row import Attempt, AttemptRow
from callboard.engine.performance import (
    AXES,
    ENOUGH,
    Performance,
    compare,
    mean_interval,
    performance,
    wilson,
)

NOON = datetime(2026, 5, 4, 12, tzinfo=timezone.utc)


def attempt(number, outcome: Any = "passed", cost: Any = "1", **fields: Any) -> Attempt:
    run_id = f"T-{number}.make-1"
    by = fields.pop("sent_back_by", None)
    row = AttemptRow(run_id, judge=False, outcome=outcome, sent_back_by=by) if outcome else None
    given_fields: dict[str, Any] = {
        "space": "shop",
        "task": f"T-{number}",
        "step": "make",
        "agent": "maker",
        "digest": "a" * 64,
        "model": "m/x",
        "status": "completed",
        "cost_usd": None if cost is None else Decimal(cost),
        "input_tokens": 10,
        "output_tokens": 2,
        "began_at": NOON,
        "ended_at": NOON + timedelta(seconds=number),
    }
    return Attempt(run_id, **(given_fields | fields), row=row)


def the_line(*attempts: Attempt) -> Performance:
    (line,) = performance(attempts, ("agent",))
    return line


def test_work_that_was_sent_back_is_rework_and_what_stands_bears_its_cost():
    line = the_line(
        attempt(1, "passed", "1"),
        attempt(2, "passed", "3", sent_back_by="review"),
        attempt(3, "rejected", "2"),
        attempt(4, "failed", "2"),
    )
    assert (line.settled, line.accepted, line.tasks) == (4, 1, 1)
    assert (line.error_rate, line.rejection_rate) == (0.25, 0.5)
    assert (line.cost_usd, line.per_accepted_usd, line.rework_usd) == (8, 8, 7)


def test_a_judge_is_measured_by_its_verdict_and_not_by_what_it_says():
    no = AttemptRow("T-1.review-1", judge=True, outcome="rejected", judged=True)
    dumb = AttemptRow("T-2.review-1", judge=True, outcome="rejected", judged=False)
    line = the_line(replace(attempt(1), row=no), replace(attempt(2), row=dumb))
    assert (line.settled, line.accepted) == (2, 1)


def test_what_is_under_way_is_no_success_and_no_failure_yet():
    line = the_line(attempt(1), attempt(2, None, status="running", ended_at=None))
    assert (line.attempts, line.settled, line.accepted) == (2, 1, 1)


def test_a_run_that_ended_and_was_never_settled_is_an_error():
    line = the_line(attempt(1, None, status="cancelled"))
    assert (line.settled, line.error_rate) == (1, 1.0)


def test_unknown_cost_is_counted_and_never_taken_for_nothing():
    line = the_line(attempt(1, cost=None), attempt(2, cost="4"))
    assert (line.unknown_cost, line.cost_usd) == (1, 4)


def test_times_are_median_and_the_one_that_nine_of_ten_do_not_exceed():
    line = the_line(*(attempt(n) for n in range(1, 11)))
    assert (line.median_s, line.p90_s) == (5.5, 9)


outcomes = st.sampled_from(["passed", "rejected", "failed", None])
attempts = st.lists(
    st.builds(
        attempt,
        st.integers(1, 50),
        outcomes,
        st.sampled_from(["0", "0.5", "3", None]),
        agent=st.sampled_from(["a", "b"]),
        step=st.sampled_from(["x", "y"]),
        space=st.sampled_from(["s", "t"]),
        model=st.sampled_from(["m/1", None]),
        digest=st.sampled_from(["1" * 64, "2" * 64]),
    ),
    max_size=30,
)


@given(attempts, st.lists(st.sampled_from(AXES), min_size=1, unique=True))
def test_the_sums_are_the_same_along_every_axis(found, axes):
    whole = performance(found, ())
    lines = performance(found, axes)
    total = whole[0] if whole else None
    for name in ("attempts", "settled", "accepted", "cost_usd", "rework_usd", "unknown_cost"):
        assert sum(getattr(line, name) for line in lines) == (getattr(total, name) if total else 0)
    assert sorted(run for line in lines for run in line.run_ids) == sorted(
        one.run_id for one in found
    )


@given(attempts)
def test_rates_are_parts_of_what_is_settled(found):
    for line in performance(found, ("agent",)):
        if line.settled:
            assert line.acceptance is not None
            whole = line.acceptance.value + (line.error_rate or 0) + (line.rejection_rate or 0)
            assert whole == pytest.approx(1)


@given(st.integers(0, 200), st.integers(1, 200))
def test_a_rate_lies_within_its_interval_and_the_interval_within_nought_and_one(hits, more):
    found = wilson(hits, hits + more)
    assert found is not None
    assert 0 <= found.low <= found.value + 1e-12
    assert found.value <= found.high + 1e-12 <= 1 + 1e-9


def test_intervals_are_the_known_ones():
    found = wilson(8, 10)
    assert found is not None
    assert (round(found.low, 3), round(found.high, 3)) == (0.490, 0.943)
    mean = mean_interval([1, 2, 3, 4, 5])
    assert mean is not None
    assert (mean.value, round(mean.low, 2), round(mean.high, 2)) == (3, 1.04, 4.96)
    assert wilson(0, 0) is None
    assert mean_interval([1]) is None


def test_versions_are_compared_only_where_there_is_enough_to_tell():
    few = the_line(*(attempt(n) for n in range(1, 6)))
    many = the_line(*(attempt(n) for n in range(1, ENOUGH + 1)))
    worse = the_line(*(attempt(n, "rejected", "2") for n in range(1, ENOUGH + 1)))
    assert compare(few, many).verdict == f"too few to tell: 5 of {ENOUGH} attempts needed"
    assert compare(many, many).verdict == "no difference that can be told from chance"
    assert compare(many, worse).verdict == "accepted less often; costs more"
