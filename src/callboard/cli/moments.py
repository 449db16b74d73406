"""Moments as people write them: a date, a time, or a span from now."""

import re
from datetime import datetime, timedelta
from typing import Final

from callboard.domain.errors import ConfigurationInvalid

_SPAN: Final = re.compile(r"([1-9][0-9]{0,4})([mhdw])")
_UNITS: Final = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def moment_of(text: str, now: datetime, *, option: str) -> datetime:
    """Return a moment. A time without a zone is one of this machine's; a span (`90m`, `36h`, `7d`, `2w`) is
    counted from `now`.

    Raises:
        ConfigurationInvalid: it is neither; names the option.
    """
    span = _SPAN.fullmatch(text)
    if span is not None:
        return now + timedelta(**{_UNITS[span[2]]: int(span[1])})
    try:
        return datetime.fromisoformat(text).astimezone()
    except (ValueError, OverflowError, OSError):
        raise ConfigurationInvalid(
            f"{option} {text!r}: write a date (2026-08-01), a time (2026-08-01T17:00) or a span (7d, 36h)"
        ) from None
