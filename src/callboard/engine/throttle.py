"""How often somebody may try to sign in: pure, over what was counted."""

from datetime import datetime, timedelta
from typing import Final

from callboard.domain.org.access import Attempts

WINDOW: Final = timedelta(minutes=15)
MOST_BY_NAME: Final = 10
MOST_BY_ADDRESS: Final = 50
"""More people than one may sit behind one address."""


def wait_s(tried: Attempts | None, most: int, now: datetime) -> int:
    """Return for how many seconds no attempt is let through; 0 where one is."""
    if tried is None or tried.count < most or is_over(tried, now):
        return 0
    return max(1, int((tried.since + WINDOW - now).total_seconds()))


def one_more(tried: Attempts | None, by: str, now: datetime) -> Attempts:
    """Return the count with an attempt more; a new one where the last is long ago."""
    if tried is None or is_over(tried, now):
        return Attempts(by=by, count=1, since=now)
    return tried.model_copy(update={"count": tried.count + 1})


def one_less(tried: Attempts) -> Attempts:
    """Return the count without an attempt that turned out to succeed."""
    return tried.model_copy(update={"count": max(0, tried.count - 1)})


def is_over(tried: Attempts, now: datetime) -> bool:
    """Return whether a count is of no interest any more."""
    return now - tried.since >= WINDOW
