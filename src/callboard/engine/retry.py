"""When a failed model call is made again: a pure function of what failed and how often."""

import hashlib

from callboard.domain.events.model_call import ModelFailure

MAX_FAILURES = 5
"""Consecutive failures after which a turn is given up."""

_FIRST_DELAY_S = 0.5
_LONGEST_DELAY_S = 30.0
_LONGEST_WISH_S = 120.0


def retry_delay(failure: ModelFailure, failures: int, *, seed: str) -> float | None:
    """Return the seconds to wait before the next attempt, or None to give up.

    Grows exponentially with up to half of it as jitter, which comes from `seed` (the run's id) so that
    the decision stays a function of the log. A provider's own wish is honoured up to two minutes.
    """
    if not failure.retryable or failures >= MAX_FAILURES:
        return None
    if failure.retry_after_s is not None:
        return failure.retry_after_s if failure.retry_after_s <= _LONGEST_WISH_S else None
    full = min(_FIRST_DELAY_S * 2 ** (failures - 1), _LONGEST_DELAY_S)
    digest = hashlib.sha256(f"{seed}:{failures}".encode()).digest()
    return full * (0.5 + digest[0] / 510)
