"""Numbers in the few characters that a screen has for them. What is not known is said to be unknown, never zero."""

from datetime import datetime, timedelta
from decimal import Decimal
from math import isfinite
from typing import Final, Literal

from callboard.domain.usage import Bill
from callboard.engine.tasks.standing import ago
from callboard.engine.words import count, money

__all__ = [
    "NOTHING",
    "Unit",
    "age",
    "amount",
    "bill",
    "change",
    "count",
    "digits",
    "percent",
    "short",
    "span",
    "tokens",
    "usd",
]

NOTHING: Final = "–"  # noqa: RUF001 - the dash that a table shows where there is nothing
Unit = Literal["usd", "percent", "seconds", "count"]
"""What a number counts: US dollars, a share between 0 and 1, seconds, things."""


def usd(value: Decimal | float | None) -> str:
    """Return an amount of US dollars in a column: cents, or for less than one of them two digits that say something."""
    if value is None:
        return "unknown"
    amount = Decimal(str(value))
    if not amount.is_finite():
        return "unknown"
    if amount == 0 or abs(amount) >= Decimal("0.01"):
        return f"{'−' if amount < 0 else ''}${abs(amount):,.2f}"  # noqa: RUF001
    return "< $0.0001" if abs(amount) < Decimal("0.0001") else f"${amount:.4f}"


def digits(amount: Decimal | None) -> str:
    """Return an amount as somebody would type it: to its last digit, and no further. None is nothing."""
    return "" if amount is None else f"{amount.normalize():f}"


def bill(spent: Bill) -> str:
    """Return what something cost; a part that is not known is said."""
    return money(spent, usd)


def percent(share: float | None, digits: int = 1) -> str:
    """Return a share between 0 and 1 in percent."""
    if share is None or not isfinite(share * 100):
        return NOTHING
    return f"{share * 100:.{digits}f}%"


def span(seconds: float | None) -> str:
    """Return a length of time in one unit that says enough: `6.2 s`, `41 min`, `3.5 h`, `12 d`."""
    if seconds is None or not isfinite(seconds):
        return NOTHING
    seconds = max(seconds, 0)
    if seconds < 59.95:
        return f"{seconds:.1f} s" if seconds < 9.95 else f"{seconds:.0f} s"
    if seconds < 119.5 * 60:
        return f"{seconds / 60:.0f} min"
    hours = seconds / 3_600
    if hours < 47.95:
        return f"{hours:.1f} h"
    return f"{hours / 24:,.0f} d"


def age(since: datetime, now: datetime) -> str:
    """Return how long ago a moment was: `3 min ago`; `just now` within ten seconds."""
    passed = now - since
    return "just now" if passed < timedelta(seconds=10) else f"{ago(passed)} ago"


def short(number: float) -> str:
    """Return a count in at most five characters or so: `84`, `1.2 k`, `84 k`, `1.2 M`."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(number) >= size * 0.9995:
            scaled = number / size
            return f"{scaled:.1f} {letter}" if abs(scaled) < 9.95 else f"{scaled:,.0f} {letter}"
    return f"{number:.0f}" if number == int(number) else f"{number:.1f}"


def tokens(into: int, out: int) -> str:
    """Return how many tokens went in and came out: `1.2 M in · 84 k out`."""
    return f"{short(into)} in · {short(out)} out"


def amount(value: float | None, unit: Unit) -> str:
    """Return a number in its unit."""
    if value is None or not isfinite(value):
        return NOTHING
    match unit:
        case "usd":
            return usd(value)
        case "percent":
            return percent(value)
        case "seconds":
            return span(value)
        case "count":
            return f"{value:,.0f}" if value == int(value) else f"{value:,.1f}"


def change(now: float | None, before: float | None, unit: Unit) -> str | None:
    """Return how a number changed against the one before, in words; None where there is nothing to compare.

    Shares change by points, everything else by percent.
    """
    if now is None or before is None:
        return None
    if unit == "percent":
        points = (now - before) * 100
        return "the same" if abs(points) < 0.05 else f"{points:+.1f} points".replace("-", "−")  # noqa: RUF001
    if not before:
        return "the same" if not now else None
    part = (now - before) / abs(before) * 100
    return "the same" if abs(part) < 0.5 else f"{part:+.0f}%".replace("-", "−")  # noqa: RUF001
