"""Limits keep their contract, in memory and in a real file, across processes that die."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callboard.engine.pacing import MICRO, Ask, Full, Level, Limit, room
from callboard.stores.postgres.store import PostgresEventStore
from callboard.stores.sqlite.store import SqliteEventStore
from callboard.testing.limiter import LimiterContract, MemoryLimiter

pytestmark = pytest.mark.anyio
TAKER = str(Path(__file__).with_name("limit_taker.py"))


class TestInMemory(LimiterContract):
    @pytest.fixture
    def limiter(self):
        return MemoryLimiter()


class TestInAFile(LimiterContract):
    @pytest.fixture
    def limiter(self, sqlite_store):
        return sqlite_store.limiter


limits = st.builds(
    Limit,
    st.just("x"),
    per_minute=st.integers(1, 10_000),
    burst=st.none() | st.integers(1, 100),
)


@given(limits, st.lists(st.integers(0, 20_000_000), max_size=60), st.integers(0, 10**15))
def test_no_more_begin_in_any_time_than_a_burst_and_what_comes_back_in_it(limit, pauses, start):
    level, now, begun = Level(limit.depth * MICRO, start), start, 0
    for pause in pauses:
        now += pause
        left = room(Ask("x"), limit, 0, level, now)
        if isinstance(left, Level):
            level, begun = left, begun + 1
    assert limit.per_minute is not None
    assert begun <= limit.depth + (now - start) * limit.per_minute / 60 / MICRO


asked = st.integers(1, 300)


@given(limits, st.lists(st.tuples(st.integers(0, 20_000_000), asked, asked), max_size=60))
def test_no_more_is_used_in_any_time_than_was_there_and_came_back_but_by_the_last(limit, calls):
    level, now, used, last = Level(limit.depth * MICRO, 0), 0, 0, 0
    for pause, expected, came_to in calls:
        now += pause
        left = room(Ask("x", amount=expected), limit, 0, level, now)
        if isinstance(left, Level):
            level, last = left.without(came_to - expected), came_to
            used += came_to
    assert limit.per_minute is not None
    owed = max(last, limit.depth)
    assert used <= limit.depth + now * limit.per_minute / 60 / MICRO + owed + _forgiven(
        limit, calls
    )


def _forgiven(limit, calls):
    """What nobody waits for: a debt of more than a minute can hold."""
    return sum(max(0, came_to - limit.depth) for _, _, came_to in calls)


@given(limits, st.integers(0, MICRO - 1), st.integers(0, 10**15))
def test_there_is_room_when_the_wait_is_over(limit, micro, now):
    level = Level(micro, now)
    full = room(Ask("x"), limit, 0, level, now)
    assert isinstance(full, Full)
    assert full.wait_s is not None
    assert isinstance(room(Ask("x"), limit, 0, level, now + int(full.wait_s * MICRO) + 1), Level)


@given(limits, st.integers(0, 100), st.integers(0, 10**12), st.integers(0, 10**12))
def test_a_clock_that_goes_back_gives_nothing(limit, whole, now, back):
    level = Level(min(whole, limit.depth) * MICRO, now)
    assert level.filled(limit, now - back) == level


@pytest.fixture(params=["sqlite", "postgres"])
async def place(request, tmp_path, anyio_backend):
    """A store, and how another process finds its database."""
    if request.param == "sqlite":
        address = str(tmp_path / "callboard.db")
        store = await SqliteEventStore.open(Path(address))
    else:
        address = request.getfixturevalue("postgres_database")
        store = await PostgresEventStore.open(address, tmp_path / "home", lease_s=1.0)
    yield store, address
    await store.close()


async def test_what_a_killed_process_holds_is_free(place):
    store, path = place
    await store.limiter.set_limit(Limit("provider:p", at_once=1))
    dying = await asyncio.create_subprocess_exec(
        sys.executable, TAKER, "hold", str(path), stdout=subprocess.PIPE
    )
    assert dying.stdout is not None
    assert await dying.stdout.readline() == b"None\n"
    asks = (Ask("provider:p"),)
    assert await store.limiter.take("other", asks) == Full("provider:p", 1, 1)
    assert await store.limiter.take("dying", asks) == Full("provider:p", 1, 1)
    assert [one.in_use for one in await store.limiter.standings()] == [1, 1]
    dying.kill()
    await dying.communicate()
    async with asyncio.timeout(60):  # at once on the same machine, else when its lease is over
        said = await store.limiter.look(asks)
        while said is not None:
            await asyncio.sleep(0.02)
            said = await store.limiter.look(asks)
    assert await store.limiter.take("dying", asks) is None
    assert [(one.limit.name, one.in_use) for one in await store.limiter.standings()] == [
        ("provider:p", 1)
    ]


async def test_processes_that_work_side_by_side_never_exceed_a_cap_together(place, tmp_path):
    (store, path), counter = place, tmp_path / "counter"
    await store.limiter.set_limit(Limit("provider:p", at_once=2))
    counter.write_text("0")
    running = [
        await asyncio.create_subprocess_exec(
            sys.executable, TAKER, str(path), str(counter), "40", stdout=subprocess.PIPE
        )
        for _ in range(3)
    ]
    said = [(await each.communicate())[0] for each in running]
    assert [each.returncode for each in running] == [0, 0, 0]
    assert max(int(lines.split()[-1]) for lines in said) <= 2
    assert counter.read_text() == "0"
    assert [(one.limit.name, one.in_use) for one in await store.limiter.standings()] == [
        ("provider:p", 0)
    ]


async def test_a_limit_that_another_process_sets_is_known_before_the_next_second(tmp_path):
    path = tmp_path / "callboard.db"
    one, other = await SqliteEventStore.open(path), await SqliteEventStore.open(path)
    await other.limiter.set_limit(Limit("model:m", at_once=1))
    assert await one.limiter.limited(("model:m", "model:n")) == ("model:m",)
    await one.close()
    await other.close()
