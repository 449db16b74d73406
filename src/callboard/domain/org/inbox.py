"""What people keep about their inbox: what they have seen, and who decides while they are away."""

from datetime import datetime
from typing import Annotated, Final

from pydantic import Field

from callboard.domain.events.gate import Verdict
from callboard.domain.frozen import Frozen
from callboard.domain.org.people import LoginName
from callboard.domain.record import Kind


class InboxMark(Frozen):
    """What somebody did with an entry of their inbox. `entry` is the task's key, or the id of a run without one.

    Both times hold for what was there by then: whatever comes later is unread, and back from the archive.
    """

    person: LoginName
    entry: Annotated[str, Field(min_length=1, max_length=200)]
    read_at: datetime | None = None
    archived_at: datetime | None = None


class Deputy(Frozen):
    """Somebody who decides for somebody else, from `since` until `until`."""

    person: LoginName
    deputy: LoginName
    since: datetime
    until: datetime

    def holds(self, now: datetime) -> bool:
        """Return whether it is in force at a moment."""
        return self.since <= now < self.until


class DeputyDecision(Frozen):
    """That a deputy decided at a gate in somebody's place."""

    run_id: str
    gate_id: str
    person: LoginName
    deputy: LoginName
    verdict: Verdict
    space: str | None = None
    at: datetime


INBOX_MARKS: Final = Kind(
    "inbox_mark", InboxMark, key=lambda mark: f"{mark.person}/{mark.entry}", audited=False
)
DEPUTIES: Final = Kind("deputy", Deputy, key=lambda deputy: f"{deputy.person}/{deputy.deputy}")
DEPUTY_DECISIONS: Final = Kind(
    "deputy_decision",
    DeputyDecision,
    key=lambda made: f"{made.run_id}/{made.gate_id}/{made.person}",
    space=lambda made: made.space,
)
