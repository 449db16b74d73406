"""How a task stands, in one sentence: its health, who is next and since when. Derived, never told by an agent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final, Literal

from callboard.domain.org.task import TaskRecord
from callboard.domain.run_row import RunRow

Health = Literal[
    "on_track",
    "at_risk",
    "over_budget",
    "blocked",
    "needs_person",
    "stalled",
    "ended",
    "not_started",
]

STALLED_AFTER: Final = timedelta(minutes=30)
"""How long a run that works may say nothing."""
_CLOSE = Decimal("0.8")


@dataclass(frozen=True, slots=True)
class Expected:
    """What tasks like this one took: medians over those that were done, and of how many. None: not known yet."""

    cost_usd: Decimal | None = None
    seconds: float | None = None
    of: int = 0


@dataclass(frozen=True, slots=True)
class Standing:
    """How a task stands. `next_actor` is who can move it on, None where nobody has to; `since` when it came to
    this. The amounts left are what is expected beyond what is spent; None where nothing is known.
    """

    health: Health
    sentence: str
    next_actor: str | None
    since: datetime
    spent_usd: Decimal | None
    left_usd: Decimal | None
    elapsed_s: float
    left_s: float | None


def standing_of(
    task: TaskRecord,
    row: RunRow | None,
    blocking: Sequence[str],
    expected: Expected,
    now: datetime,
) -> Standing:
    """Return how a task stands now. `row` is its latest run, `blocking` the unfinished tasks it depends on."""
    begun = row.created_at if row is not None else task.created_at
    until = task.ended_at or (row.ended_at if row is not None else None) or now
    elapsed = max((until - begun).total_seconds(), 0.0) if row is not None else 0.0
    spent = row.bill.total_usd if row is not None else Decimal(0)
    health, sentence, actor, since = _told(task, row, blocking, expected, now)
    ended = health == "ended"
    return Standing(
        health,
        sentence,
        actor,
        since,
        spent,
        None
        if ended or expected.cost_usd is None or spent is None
        else max(expected.cost_usd - spent, Decimal(0)),
        elapsed,
        None if ended or expected.seconds is None else max(expected.seconds - elapsed, 0.0),
    )


Told = tuple[Health, str, str | None, datetime]


def _told(
    task: TaskRecord,
    row: RunRow | None,
    blocking: Sequence[str],
    expected: Expected,
    now: datetime,
) -> Told:
    match task.state:
        case "open":
            return ("not_started", "Not started yet.", "a contributor", task.created_at)
        case "queued":
            return _queued(task, blocking, now)
        case "under_way":
            return _under_way(task, row, expected, now)
        case "done" | "failed" | "cancelled":
            since = task.ended_at or task.created_at
            words = {"done": "Done", "failed": "Failed", "cancelled": "Cancelled"}[task.state]
            why = f": {task.outcome}" if task.outcome else ""
            actor = "a contributor" if task.state == "failed" else None
            return ("ended", f"{words} {ago(now - since)} ago{why}.", actor, since)


def _queued(task: TaskRecord, blocking: Sequence[str], now: datetime) -> Told:
    since = task.queued_at or task.created_at
    if blocking:
        sentence = f"Blocked by {', '.join(blocking)} for {ago(now - since)}."
        return ("blocked", sentence, None, since)
    return ("on_track", f"Waiting for a free place for {ago(now - since)}.", None, since)


def _under_way(task: TaskRecord, row: RunRow | None, expected: Expected, now: datetime) -> Told:
    if row is None:
        return ("on_track", "Starting.", None, task.queued_at or task.created_at)
    if row.status == "waiting":
        return _waiting(row, now)
    step = row.step or "the first step"
    sentence = f"Working on {step} for {ago(now - row.created_at)}."
    if now - row.updated_at > STALLED_AFTER:
        quiet = ago(now - row.updated_at)
        return ("stalled", f"Silent for {quiet} in {step}.", "a contributor", row.updated_at)
    return (_money(task, row, expected, now), sentence, "an agent", row.created_at)


def _money(task: TaskRecord, row: RunRow, expected: Expected, now: datetime) -> Health:
    spent, budget = row.bill.known_usd, task.budget_usd
    if budget is not None and spent > budget:
        return "over_budget"
    close = budget is not None and spent >= budget * _CLOSE
    late = expected.seconds is not None and (
        (now - row.created_at).total_seconds() > 2 * expected.seconds
    )
    return "at_risk" if close or late else "on_track"


def _waiting(row: RunRow, now: datetime) -> Told:
    since = row.waiting_since or row.updated_at
    whom = row.waiting_on or "a person"
    what = (row.waiting_for or "a decision").splitlines()[0].rstrip(".")
    until = f", expires {row.waiting_until:%Y-%m-%d %H:%M} UTC" if row.waiting_until else ""
    sentence = f"Waiting for {whom}, {ago(now - since)}: {what}{until}."
    return ("blocked" if whom == "an agent" else "needs_person", sentence, whom, since)


def ago(span: timedelta) -> str:
    """Return a length of time in its largest unit: `12 s`, `3 min`, `2 h`, `5 d`."""
    seconds = max(int(span.total_seconds()), 0)
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
