"""What was asked for: the titles of the sample's tasks, who wrote each down, and when."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from callboard.domain.workflow import Priority
from callboard.sample.cast import PLACES, Place
from callboard.usecases.tasks import NewTask

DAYS: Final = 60
_VERBS: Final = {
    "checkout": ("Add a limit to", "Validate", "Test", "Speed up", "Log failures of", "Simplify"),
    "handbook": ("Describe", "Correct the page about", "Translate the page about", "Illustrate"),
    "pipelines": ("Deduplicate", "Backfill", "Alert on late", "Migrate"),
}
_THINGS: Final = {
    "checkout": (
        "gift cards", "basket totals", "refunds", "the order mail", "VAT lookups", "the address form",
        "coupon codes", "stock checks", "invoice files", "session renewal",
    ),
    "handbook": (
        "returns", "gift cards", "lost parcels", "paying later", "changing an address", "invoices", "coupons",
        "accounts", "deliveries abroad",
    ),
    "pipelines": ("order imports", "stock levels", "refund exports", "price lists", "supplier files", "daily sums",
                  "customer counts", "returned goods", "till reports"),
}  # fmt: skip
SHARES: Final = {"checkout": 46, "handbook": 26, "pipelines": 18}
"""How many tasks of each space are of the past."""
_LABELS: Final = {
    "checkout": ("backend", "frontend", "bug", "security"),
    "handbook": ("docs", "wording"),
    "pipelines": ("data", "nightly"),
}
_PRIORITIES: Final[tuple[Priority, ...]] = ("normal", "normal", "normal", "low", "high", "urgent")
_BRIEF: Final = (
    "Customers wrote to us about this more than once. What is there already must go on working as it does; only "
    "what is new follows the new rule."
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A task that somebody writes down at a moment, in a space. `told`: what is said about it then."""

    at: datetime
    place: Place
    who: str
    wish: NewTask
    told: str = ""


def past_tasks(now: datetime) -> list[Asked]:
    """Return the tasks of the last sixty days, the oldest first: more on workdays, none at night."""
    chance = random.Random(7)  # noqa: S311 - the same sample for everybody
    found: list[Asked] = []
    for place in PLACES:
        titles = titles_of(place)
        for number in range(SHARES[place.id]):
            day = DAYS - 1 - (DAYS - 3) * number / SHARES[place.id]
            at = _workday(now - timedelta(days=day)) + timedelta(minutes=chance.randrange(9 * 60))
            found.append(asked(place, next(titles), at, chance))
    return sorted(found, key=lambda one: one.at)


def titles_of(place: Place) -> Iterator[str]:
    """Return the titles of a space's tasks, each once."""
    verbs, things = _VERBS[place.id], _THINGS[place.id]
    pairs = [(verb, thing) for verb in verbs for thing in things]
    random.Random(place.id).shuffle(pairs)  # noqa: S311
    return iter([f"{verb} {thing}" for verb, thing in pairs])


def asked(place: Place, title: str, at: datetime, chance: random.Random) -> Asked:
    """Return a task as somebody of the space writes it down."""
    who = chance.choice(place.writers)
    labels = tuple(sorted(chance.sample(_LABELS[place.id], chance.choice((1, 1, 2)))))
    wish = NewTask(
        title=title,
        brief=_BRIEF,
        criteria=("nobody is charged twice", "the project's own checks pass"),
        labels=labels,
        priority=chance.choice(_PRIORITIES),
        owner=f"person:{chance.choice((who, *place.maintainers))}",
    )
    other = chance.choice([one for one in (*place.maintainers, *place.writers) if one != who])
    told = chance.choice(
        (
            "",
            "",
            "Amounts are in cents.",
            f"@{other} do you know who else uses this?",
            "See what we did in spring.",
        )
    )
    return Asked(at, place, who, wish, told)


def _workday(moment: datetime) -> datetime:
    """Return eight in the morning of that day, or of the Monday after it."""
    late = max(moment.weekday() - 4, 0)
    day = moment + timedelta(days=(3 - late) if late else 0)
    return day.replace(hour=8, minute=0, second=0, microsecond=0)
