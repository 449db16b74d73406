"""When a schedule is due: cron expressions in a time zone, also on the days when its clocks are changed.

An expression names times of day as people there read them. Where the clocks skip such a time it is due at the first
moment after; where they show it twice it is due the first time. Only an hour of `*` counts hours as they pass: it
neither repeats nor leaves out a moment of real time.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from callboard.domain.errors import ConfigurationInvalid

GRACE: Final = timedelta(minutes=2)
"""How late a moment may be noticed and still count as in time."""

_WRITTEN: Final = re.compile(r"[0-9A-Za-z*,/#-]+( [0-9A-Za-z*,/#-]+){4}")
_NAMED: Final = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
}
_WINDOWS: Final = (timedelta(days=1), timedelta(days=40), timedelta(days=400))
_SOME_DAY: Final = datetime(2026, 1, 1, tzinfo=timezone.utc)


@dataclass(frozen=True, slots=True)
class Due:
    """What became due since somebody looked: the moments in time, the latest of those that were missed."""

    in_time: tuple[datetime, ...] = ()
    missed: datetime | None = None


def read_cron(text: str) -> str:
    """Return an expression of five fields, with single spaces.

    Raises:
        ConfigurationInvalid: it is none, or names no day that ever comes.
    """
    cron = " ".join(_NAMED.get(text.strip().lower(), text).split())
    if len(cron) > 200 or not _WRITTEN.fullmatch(cron):
        raise _no_cron(text, "five fields: minute, hour, day of month, month, day of week")
    try:
        next(CronSim(_by_the_clock(cron), _SOME_DAY))
    except (CronSimError, AssertionError, ValueError, TypeError) as error:
        raise _no_cron(text, str(error).lower() or "a field does not fit") from None
    except StopIteration:
        raise _no_cron(text, "no such day ever comes") from None
    return cron


def read_zone(name: str) -> ZoneInfo:
    """Return a time zone by its IANA name.

    Raises:
        ConfigurationInvalid: there is none.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ConfigurationInvalid(
            f"{name!r} is no time zone; use a name such as Europe/Berlin or UTC"
        ) from None


def firings(cron: str, zone: ZoneInfo, after: datetime) -> Iterator[datetime]:
    """Return the moments after another at which an expression is due, in UTC, in order, each once."""
    last = after.astimezone(timezone.utc)
    for local in CronSim(_by_the_clock(cron), after.astimezone(zone)):
        moment = local.astimezone(timezone.utc)
        if moment > last:  # several skipped times are one moment, and a repeated one was due before
            last = moment
            yield moment


def due_since(cron: str, zone: ZoneInfo, after: datetime, now: datetime) -> Due:
    """Return what became due after a moment, up to and including now."""
    edge = max(after, now - GRACE)
    in_time = tuple(_until(cron, zone, edge, now))
    return Due(in_time, _latest(cron, zone, after, edge) if edge > after else None)


def _latest(cron: str, zone: ZoneInfo, after: datetime, until: datetime) -> datetime | None:
    """Return the last moment due in a span, however long it is."""
    for window in _WINDOWS:
        begin = max(after, until - window)
        found = list(_until(cron, zone, begin, until))
        if found:
            return found[-1]
        if begin == after:
            return None
    found = list(_until(cron, zone, after, until))
    return found[-1] if found else None


def _until(cron: str, zone: ZoneInfo, after: datetime, until: datetime) -> Iterator[datetime]:
    for moment in firings(cron, zone, after):
        if moment > until:
            return
        yield moment


def _by_the_clock(cron: str) -> str:
    """Return an expression that says the same, in which only an hour of `*` is read as `whenever an hour passes`:
    steps such as `*/2` are times of day.
    """
    minute, hour, *days = cron.split(" ")
    if hour == "*":
        return cron
    return " ".join((_spelt(minute, "0-59"), _spelt(hour, "0-23"), *days))


def _spelt(field: str, everything: str) -> str:
    terms = (
        f"{everything}{term[1:]}" if term.startswith("*") else term for term in field.split(",")
    )
    return ",".join(terms)


def _no_cron(text: str, why: str) -> ConfigurationInvalid:
    return ConfigurationInvalid(
        f"{text!r} is no schedule ({why}); write one such as `30 7 * * MON-FRI` or @daily"
    )
