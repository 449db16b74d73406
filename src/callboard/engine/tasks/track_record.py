"""How a version of an agent did lately: how often its work stood, and for how much."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Final

from callboard.domain.attempt_row import Attempt
from callboard.domain.org.roster import Bound

LATELY: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class TrackRecord:
    """Of `finished` attempts `accepted` stand. `cost_usd` is what all of them cost, by accepted one; None where a part
    is unknown, or nothing stands.
    """

    accepted: int = 0
    finished: int = 0
    cost_usd: Decimal | None = None

    @property
    def acceptance(self) -> float | None:
        """The share that stands; None where nothing is finished."""
        return self.accepted / self.finished if self.finished else None


def track_record(attempts: Iterable[Attempt], digest: str) -> TrackRecord:
    """Return how the version of a digest did."""
    finished = [one for one in attempts if one.digest == digest and one.accepted is not None]
    accepted = sum(one.accepted is True for one in finished)
    known = [one.cost_usd for one in finished if one.cost_usd is not None]
    is_known = bool(accepted) and len(known) == len(finished)
    cost = sum(known, Decimal(0)) / accepted if is_known else None
    return TrackRecord(accepted, len(finished), cost)


def trial_failure(bound: Bound, tried: TrackRecord, live: TrackRecord) -> str:
    """Return in what a trial has failed; nothing where it has not, or too little is known."""
    if tried.acceptance is None or tried.finished < bound.attempts:
        return ""
    done = f"{tried.accepted} of {tried.finished} attempts were accepted"
    if bound.at_least is not None and tried.acceptance < bound.at_least:
        return f"{done}, less than {bound.at_least:.0%}"
    if bound.below_live is None or live.acceptance is None:
        return ""
    # a hair's breadth is the arithmetic's, not the agent's
    if live.acceptance - tried.acceptance > bound.below_live + 1e-9:
        return (
            f"{done}, with the live version {live.accepted} of {live.finished}: more than "
            f"{bound.below_live:.0%} lower"
        )
    return ""
