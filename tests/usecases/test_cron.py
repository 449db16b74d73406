"""When schedules are due: laws of cron expressions over the days when clocks are changed."""

import contextlib
from datetime import datetime, time, timedelta, timezone, tzinfo
from itertools import islice, pairwise, takewhile
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callboard.domain.errors import ConfigurationInvalid
from callboard.usecases.cron import GRACE, due_since, firings, read_cron, read_zone

BERLIN = ZoneInfo("Europe/Berlin")
UTC = timezone.utc


def at(text, zone: tzinfo = UTC):
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


def due(cron, after, count, zone=BERLIN):
    moments = islice(firings(read_cron(cron), zone, at(after, zone)), count)
    return [f"{moment.astimezone(zone):%d %H:%M%z}" for moment in moments]


@pytest.mark.parametrize(
    ("cron", "after", "expected"),
    [
        # 29 March 2026: 02:00 to 03:00 does not exist
        ("30 2 * * *", "2026-03-28T00:00", ["28 02:30+0100", "29 03:00+0200", "30 02:30+0200"]),
        ("*/20 2 * * *", "2026-03-28T12:00", ["29 03:00+0200", "30 02:00+0200", "30 02:20+0200"]),
        ("0 */2 * * *", "2026-03-29T00:00", ["29 03:00+0200", "29 04:00+0200"]),
        ("30 * * * *", "2026-03-29T01:00", ["29 01:30+0100", "29 03:30+0200"]),
        # 25 October 2026: 02:00 to 03:00 is there twice
        ("30 2 * * *", "2026-10-24T12:00", ["25 02:30+0200", "26 02:30+0100"]),
        ("0 */2 * * *", "2026-10-25T01:00", ["25 02:00+0200", "25 04:00+0100"]),
        ("30 * * * *", "2026-10-25T01:45", ["25 02:30+0200", "25 02:30+0100", "25 03:30+0100"]),
        ("0 0 29 2 *", "2026-03-01T00:00", ["29 00:00+0100"]),
    ],
)
def test_skipped_times_are_due_at_the_next_moment_and_repeated_ones_once(cron, after, expected):
    assert due(cron, after, len(expected)) == expected


def test_a_repeated_time_is_not_due_again_in_its_second_hour():
    second = datetime(2026, 10, 25, 2, 15, tzinfo=BERLIN, fold=1)
    (moment,) = islice(firings("30 2 * * *", BERLIN, second), 1)
    assert moment.astimezone(BERLIN).day == 26


ZONES = [
    "Europe/Berlin",
    "America/New_York",
    "America/Santiago",
    "Australia/Lord_Howe",  # half an hour
    "Africa/Casablanca",
    "Asia/Kolkata",
    "UTC",
]
MINUTES = st.sampled_from(["0", "15", "59", "0,30", "*/20", "5-10", "*"])
HOURS = st.sampled_from(["0", "1", "2", "3", "1-3", "*/2", "0,2,23"])
FIRST = datetime.fromisoformat("2025-01-01")
STARTS = st.datetimes(FIRST, FIRST.replace(year=2027), timezones=st.just(UTC))


def by_hand(cron, zone, begin, days):
    """Walk over every minute that clocks there can show, and say when each comes first."""
    minutes, hours = (
        expand(field, top) for field, top in zip(cron.split(), (60, 24), strict=False)
    )
    found = set()
    day = begin.astimezone(zone).date() - timedelta(days=2)
    for _ in range(days + 4):
        for hour in hours:
            for minute in minutes:
                wall = datetime.combine(day, time(hour, minute))
                found.add(first_real(wall, zone))
        day += timedelta(days=1)
    end = begin + timedelta(days=days)
    return sorted(moment for moment in found if begin < moment <= end)


def expand(field, top):
    values = set()
    for term in field.split(","):
        span, _, step = term.partition("/")
        low, _, high = span.partition("-")
        if span == "*":
            values |= set(range(0, top, int(step or 1)))
        else:
            values |= set(range(int(low), int(high or low) + 1))
    return sorted(values)


def first_real(wall, zone):
    while True:
        moment = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
        if moment.astimezone(zone).replace(tzinfo=None) == wall:
            return moment
        wall += timedelta(minutes=1)


@settings(deadline=None)
@given(
    minute=MINUTES,
    hour=HOURS,
    zone=st.sampled_from(ZONES).map(ZoneInfo),
    change=st.booleans(),
    start=STARTS,
)
def test_times_of_day_are_neither_left_out_nor_doubled(minute, hour, zone, change, start):
    begin = start.replace(second=0, microsecond=0)
    if change:  # close to where clocks are changed
        begin = next_change(begin, zone) - timedelta(hours=5)
    cron = read_cron(f"{minute} {hour} * * *")
    end, found = begin + timedelta(days=2), []
    for moment in firings(cron, zone, begin):
        if moment > end:
            break
        found.append(moment)
    assert found == by_hand(cron, zone, begin, 2)
    assert found == sorted(set(found))


@settings(deadline=None)
@given(minute=MINUTES, zone=st.sampled_from(ZONES).map(ZoneInfo), start=STARTS)
def test_every_hour_is_every_hour_that_passes(minute, zone, start):
    begin = next_change(start.replace(second=0, microsecond=0), zone) - timedelta(hours=3)
    found = list(islice(firings(f"{minute} * * * *", zone, begin), 40))
    assert all(begin < one < other for one, other in pairwise(found))
    wanted = set(expand(minute, 60))
    every, moment = [], begin + timedelta(minutes=1)
    while moment <= found[-1]:
        if moment.astimezone(zone).minute in wanted:
            every.append(moment)
        moment += timedelta(minutes=1)
    assert found == every


def next_change(moment, zone):
    """Return about when clocks are changed next; the moment itself where they never are."""
    offset = moment.astimezone(zone).utcoffset()
    for hours in range(0, 370 * 24, 3):
        later = moment + timedelta(hours=hours)
        if later.astimezone(zone).utcoffset() != offset:
            return later
    return moment


@settings(deadline=None)
@given(
    cron=st.sampled_from(["*/7 * * * *", "30 2 * * *", "0 9 * * MON", "0 0 1 * *", "0 0 29 2 *"]),
    after=STARTS,
    asleep=st.timedeltas(timedelta(0), timedelta(days=900)),
)
def test_what_was_missed_is_the_latest_moment_and_what_is_in_time_is_all_of_it(cron, after, asleep):
    now = after + asleep
    found = due_since(cron, BERLIN, after, now)
    edge = max(after, now - GRACE)
    if asleep < timedelta(days=3):
        there = list(takewhile(lambda moment: moment <= now, firings(cron, BERLIN, after)))
        assert list(found.in_time) == [moment for moment in there if moment > edge]
        late = [moment for moment in there if moment <= edge]
        assert found.missed == (late[-1] if late else None)
    elif found.missed is not None:
        later = next(firings(cron, BERLIN, found.missed))
        assert after < found.missed <= edge < later


@pytest.mark.parametrize(
    "text",
    [
        "",
        "* * * *",
        "* * * * * *",
        "60 * * * *",
        "0 0 30 2 *",
        "a b c d e",
        "@never",
        "1#2/3 * * * *",
    ],
)
def test_what_is_no_schedule_is_refused_with_an_example(text):
    with pytest.raises(ConfigurationInvalid, match="MON-FRI"):
        read_cron(text)


@given(st.text(max_size=30))
def test_no_text_does_more_than_be_refused(text):
    with contextlib.suppress(ConfigurationInvalid):
        assert len(read_cron(text).split()) == 5


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../../etc/passwd", "/etc/localtime"])
def test_what_is_no_time_zone_is_refused(name):
    with pytest.raises(ConfigurationInvalid, match="Europe/Berlin"):
        read_zone(name)
