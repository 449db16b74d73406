"""Amounts, times and counts for people."""

from callboard.domain.usage import Usage
from callboard.engine.words import count, dollars, duration, money

__all__ = ["clock", "count", "dollars", "duration", "money", "tokens"]


def tokens(usage: Usage) -> str:
    """Return how many tokens went in and came out."""
    return f"{usage.input_tokens:,} tokens in, {usage.output_tokens:,} out"


def clock(seconds: float) -> str:
    """Return a time since the beginning, short enough for a column."""
    if seconds < 59.95:
        return f"{max(seconds, 0):.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
