"""Amounts, times and counts, as the product says them to people."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

from callboard.domain.usage import Bill


def dollars(amount: Decimal | None) -> str:
    """Return an amount for people; None is an amount that nobody knows."""
    if amount is None:
        return "cost unknown"
    if amount and amount < Decimal("0.0001"):
        return "less than $0.0001"
    return f"${amount:,.2f}" if not amount or amount >= 1 else f"${amount:.4f}"


def exact_dollars(amount: Decimal) -> str:
    """Return an amount to its last digit: what somebody set as a limit, or is held against one."""
    whole, _, part = f"{amount.normalize():,f}".partition(".")
    return f"${whole}.{part:0<2}"


def money(bill: Bill, said: Callable[[Decimal], str] = dollars) -> str:
    """Return a bill for people, its amount as `said`: unknown parts are said, never shown as nothing."""
    known = said(bill.known_usd)
    if not bill.has_unknown:
        return known
    return f"{known} + unknown" if bill.known_usd else "cost unknown"


def duration(elapsed: timedelta | float) -> str:
    """Return a duration for people."""
    seconds = elapsed.total_seconds() if isinstance(elapsed, timedelta) else elapsed
    if seconds < 59.95:
        return f"{max(seconds, 0):.1f} s"
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {seconds:02} s"


def count(number: int, what: str) -> str:
    """Return a number with its noun."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"
