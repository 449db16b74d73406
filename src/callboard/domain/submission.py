"""A wish that a run be advanced: what is handed to whoever dispatches."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from callboard.domain.workflow import Priority

RANK: Final[dict[Priority, int]] = {"urgent": 0, "high": 1, "normal": 2, "low": 3}
"""How urgent a priority is: the least comes first."""


@dataclass(frozen=True, slots=True)
class Submission:
    """A run to be advanced soon, or from `not_before` on. Of a space's submissions the urgent ones come first.

    It is a hint: one that is lost is found by whoever looks for work, one that comes twice does no harm.
    """

    run_id: str
    space: str = ""
    priority: Priority = "normal"
    not_before: datetime | None = None

    def joined(self, other: "Submission") -> "Submission":
        """Return the one submission that does for both: as urgent as the more urgent, as early as the earlier."""
        more = min(self.priority, other.priority, key=RANK.__getitem__)
        times = (self.not_before, other.not_before)
        early = None if None in times else min(time for time in times if time is not None)
        return replace(self, priority=more, not_before=early)
