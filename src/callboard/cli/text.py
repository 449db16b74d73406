"""Words and numbers for people, none of which can act on a terminal."""

from datetime import timedelta
from decimal import Decimal
from unicodedata import category

from callboard.domain.usage import Bill, Usage

_BLANKS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Characters that Unicode calls printable and nobody sees."""


def plain(text: str) -> str:
    """Return text that cannot act on a terminal or hide something: controls, changes of direction and
    invisible characters are spelled out; newlines and tabs stay.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_shown, text))


def _shown(char: str) -> str:
    if char in "\n\t":
        return char
    if char == "\r":
        return ""
    if char.isprintable() and not _is_blank(char):
        return char
    if category(char) == "Zs":
        return " "
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _is_blank(char: str) -> bool:
    selects_variant = "\ufe00" <= char <= "\ufe0e" or "\U000e0100" <= char <= "\U000e01ef"
    return char in _BLANKS or selects_variant


def one_line(text: str, width: int = 100) -> str:
    """Return the text on one line, cut to a width."""
    flat = " ".join(plain(text[: width * 20]).split())
    return flat if len(flat) <= width else f"{flat[: width - 1]}…"


def dollars(amount: Decimal | None) -> str:
    """Return an amount for people; None is an amount that nobody knows."""
    if amount is None:
        return "cost unknown"
    if amount and amount < Decimal("0.0001"):
        return "less than $0.0001"
    return f"${amount:.2f}" if not amount or amount >= 1 else f"${amount:.4f}"


def money(bill: Bill) -> str:
    """Return a bill for people: unknown parts are said, never shown as nothing."""
    if not bill.has_unknown:
        return dollars(bill.known_usd)
    return f"{dollars(bill.known_usd)} + unknown" if bill.known_usd else "cost unknown"


def tokens(usage: Usage) -> str:
    """Return how many tokens went in and came out."""
    return f"{usage.input_tokens:,} tokens in, {usage.output_tokens:,} out"


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
