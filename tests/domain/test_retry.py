"""When a failed model call is made again."""

import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callboard.domain.events.model_call import ModelFailure
from callboard.engine.retry import MAX_FAILURES, retry_delay

SEEDS = [f"run-{number}" for number in range(400)]
LONGEST_S = 30.0


def failure(*, retryable: bool = True, retry_after_s: float | None = None) -> ModelFailure:
    return ModelFailure(
        reason="overloaded", message="m", retryable=retryable, retry_after_s=retry_after_s
    )


def delays(failures: int) -> list[float]:
    found = [retry_delay(failure(), failures, seed=seed) for seed in SEEDS]
    return [delay for delay in found if delay is not None]


@given(st.integers(1, MAX_FAILURES - 1), st.text(max_size=30))
def test_the_same_run_waits_equally_long_every_time_it_is_asked(failures, seed):
    first = retry_delay(failure(), failures, seed=seed)
    assert first == retry_delay(failure(), failures, seed=seed)


@given(st.integers(1, MAX_FAILURES - 1), st.text(max_size=30))
def test_a_wait_is_never_nothing_and_never_longer_than_half_a_minute(failures, seed):
    delay = retry_delay(failure(), failures, seed=seed)
    assert delay is not None
    assert 0 < delay <= LONGEST_S


def test_waits_grow_with_every_failure():
    means = [statistics.mean(delays(failures)) for failures in range(1, MAX_FAILURES)]
    assert means == sorted(means)
    assert means[-1] > 2 * means[0]


def test_every_wait_after_a_further_failure_is_at_least_as_long_in_every_run():
    """Jitter takes away at most a half, and each step doubles."""
    for seed in SEEDS:
        waits = [retry_delay(failure(), count, seed=seed) or 0 for count in range(1, MAX_FAILURES)]
        assert waits == sorted(waits)


def test_runs_that_failed_together_do_not_come_back_together():
    assert len({round(delay, 3) for delay in delays(2)}) > len(SEEDS) / 4


@pytest.mark.parametrize("failures", [MAX_FAILURES, MAX_FAILURES + 1, 1000])
def test_after_the_last_failure_it_is_given_up(failures):
    assert retry_delay(failure(), failures, seed="r") is None


def test_what_cannot_be_helped_by_trying_again_is_given_up_at_once():
    assert retry_delay(failure(retryable=False), 1, seed="r") is None
    assert retry_delay(failure(retryable=False, retry_after_s=1.0), 1, seed="r") is None


@pytest.mark.parametrize(
    ("wish", "delay"), [(0.0, 0.0), (7.5, 7.5), (120.0, 120.0), (121.0, None), (3600.0, None)]
)
def test_a_providers_own_wish_is_honoured_up_to_two_minutes(wish, delay):
    assert retry_delay(failure(retry_after_s=wish), 1, seed="r") == delay
