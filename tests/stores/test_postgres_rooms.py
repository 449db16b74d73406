"""Room under limits on PostgreSQL: not in the way of what is written, and counted as before when the server crashes."""

import asyncio
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from callboard.domain.errors import StoreUnavailable
from callboard.engine.pacing import Ask, Full, Limit, LimitStanding
from callboard.stores.postgres.connections import WRITES
from callboard.stores.postgres.rooms import LIMITS
from callboard.stores.postgres.store import PostgresEventStore
from callboard.testing.postgres import PostgresServer
from callboard.testing.store.samples import SampleLog
from tests.stores.by_hand import by_hand

pytestmark = pytest.mark.anyio

ASKS = (Ask("provider:p"),)
TAKER = str(Path(__file__).with_name("limit_taker.py"))
LAZY = "-c wal_writer_delay=10s -c log_statement=none"
"""A server that writes what nobody waits for as late as it may: a crash is sure to lose it."""


@pytest.fixture
def lazy_server():
    server = PostgresServer.begin(settings=LAZY, in_memory=True)
    yield server
    server.remove()


@pytest.fixture
async def two(lazy_server, tmp_path, anyio_backend):
    """Two processes' stores over one database, with one place under a limit."""
    url = lazy_server.new_database()
    one = await PostgresEventStore.open(url, tmp_path / "one")
    other = await PostgresEventStore.open(url, tmp_path / "other")
    await one.limiter.set_limit(Limit("provider:p", at_once=1))
    yield one, other, url
    await one.close()
    await other.close()


async def crash(server):
    await asyncio.to_thread(server.crash)
    await asyncio.to_thread(server.start, settings=LAZY)


async def said_at_last(limiter, wanted):
    """Ask until the answer is the one that is waited for; return what was said before."""
    before = []
    async with asyncio.timeout(20):
        while (said := await limiter.take("another", ASKS)) != wanted:
            before.append(said)
            await asyncio.sleep(0.01)
    return before


async def test_room_that_was_given_a_moment_before_a_crash_is_taken_after_it(two, lazy_server):
    one, other, _ = two
    assert await one.limiter.take("h", ASKS) is None
    await crash(lazy_server)
    before = await said_at_last(other.limiter, Full("provider:p", 1, 1))
    assert None not in before
    await one.limiter.give_back("h")
    assert await other.limiter.take("another", ASKS) is None


async def test_what_is_left_of_a_minute_is_not_there_again_after_a_crash(two, lazy_server):
    one, other, _ = two
    await one.limiter.set_limit(Limit("provider:p", per_minute=1, burst=1))
    assert await one.limiter.take("h", ASKS) is None
    await crash(lazy_server)
    full = await other.limiter.take("another", ASKS)
    assert full is not None
    assert full.wait_s is not None


async def test_nobody_knows_what_a_minute_had_left_when_the_server_crashed_so_it_begins_with_nothing(
    two, lazy_server
):
    _, other, _ = two
    await other.limiter.set_limit(Limit("provider:p", at_once=1, per_minute=1, burst=1))
    await crash(lazy_server)
    async with asyncio.timeout(20):  # until the first process has told what it holds
        while (full := await other.limiter.take("h", ASKS)).in_use or full.wait_s < 1:  # noqa: ASYNC110 - another process tells it
            await asyncio.sleep(0.01)
    assert 1 < full.wait_s <= 60


OTHERS_LEASE = (
    "INSERT INTO owner (name, place, revision, until) "
    "VALUES ('x', 'elsewhere', %(revision)s, clock_timestamp() + interval '1 hour')"
)


async def test_nobody_takes_bounded_room_while_a_living_process_has_not_told_what_it_holds(two):
    _, other, url = two
    by_hand(url, "DELETE FROM told_room WHERE owner = ''")
    by_hand(url, OTHERS_LEASE, revision="0015")
    full = await other.limiter.take("h", ASKS)
    assert full is not None
    assert full.wait_s is not None
    assert await other.limiter.look(ASKS) == full
    assert await other.limiter.take("h", (Ask("model:m"),)) is None  # counted, and not bounded
    by_hand(url, "UPDATE owner SET until = clock_timestamp() WHERE name = 'x'")
    assert await other.limiter.take("h", ASKS) is None


async def test_a_process_of_an_older_version_need_not_tell(two):
    _, other, url = two
    by_hand(url, "DELETE FROM told_room WHERE owner = ''")
    by_hand(url, OTHERS_LEASE, revision="0014")
    assert await other.limiter.take("h", ASKS) is None


async def test_a_process_tells_what_it_holds_although_it_never_heard_of_the_crash(
    lazy_server, tmp_path
):
    url = lazy_server.new_database()
    one = await PostgresEventStore.open(url, tmp_path / "one", lease_s=1.0)
    other = await PostgresEventStore.open(url, tmp_path / "other", lease_s=1.0)
    await one.limiter.set_limit(Limit("provider:p", at_once=1))
    assert await one.limiter.take("h", ASKS) is None
    by_hand(url, "DELETE FROM slot")
    by_hand(url, "DELETE FROM told_room")
    assert None not in await said_at_last(other.limiter, Full("provider:p", 1, 1))
    await one.close()
    assert await other.limiter.take("another", ASKS) is None
    await other.close()
    assert [row[0] for row in by_hand(url, "SELECT owner FROM told_room").fetchall()] == [""]


async def started(*arguments):
    """Return a process that takes room, once it has opened its store."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, TAKER, *arguments, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"ready\n"
    return process


def until(is_so):
    """Wait until something is so."""
    late = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < late
        time.sleep(0.001)


async def test_a_process_that_stands_still_while_the_server_crashes_keeps_its_room(
    two, lazy_server, tmp_path
):
    (one, other, url), counter, hold = two, tmp_path / "counter", tmp_path / "hold"
    await one.limiter.set_limit(Limit("provider:p", at_once=0))
    counter.write_text("0")
    hold.touch()
    process = await started(url, counter, "2", "3600")
    await one.limiter.set_limit(Limit("provider:p", at_once=2))  # what is taken after this is lost
    await asyncio.to_thread(until, lambda: counter.read_text() == "2")
    process.send_signal(signal.SIGSTOP)
    await crash(lazy_server)
    for _ in range(20):
        assert await one.limiter.take("another", ASKS) == Full("provider:p", 0, 2, 0.1)
    process.send_signal(signal.SIGCONT)
    assert None not in await said_at_last(other.limiter, Full("provider:p", 2, 2))
    hold.unlink()
    said, _ = await process.communicate()
    assert (process.returncode, int(said)) == (0, 2)
    assert await other.limiter.take("another", ASKS) is None


async def test_whoever_asks_again_after_a_crash_still_has_what_it_had(two, lazy_server):
    one, other, _ = two
    assert await one.limiter.take("h", ASKS) is None
    await crash(lazy_server)
    assert await one.limiter.take("h", ASKS) is None
    assert None not in await said_at_last(other.limiter, Full("provider:p", 1, 1))


async def test_room_that_was_given_back_a_moment_before_a_crash_is_free_soon_after_it(
    two, lazy_server
):
    one, other, _ = two
    await one.limiter.set_limit(Limit("provider:p", at_once=2))
    assert await one.limiter.take("kept", ASKS) is None
    assert await one.limiter.take("over", ASKS) is None
    await one.limiter.give_back("over")
    await crash(lazy_server)
    async with asyncio.timeout(20):  # nobody of the first process asks for anything
        while await other.limiter.take("another", ASKS) is not None:  # noqa: ASYNC110 - another process gives it
            await asyncio.sleep(0.02)
    assert await other.limiter.take("a third", ASKS) == Full("provider:p", 2, 2)
    assert await one.limiter.standings() == [LimitStanding(Limit("provider:p", at_once=2), 2)]


async def test_room_is_taken_while_somebody_writes_and_events_are_stored_while_it_is(two):
    one, _, url = two
    log = SampleLog("r1")
    with psycopg.connect(url) as writing:
        writing.execute("SELECT pg_advisory_xact_lock(%s)", (WRITES,))
        async with asyncio.timeout(20):
            assert await one.limiter.take("h", ASKS) is None
            await one.limiter.give_back("h")
    with psycopg.connect(url) as taking:
        taking.execute("SELECT pg_advisory_xact_lock(%s)", (LIMITS,))
        async with asyncio.timeout(20):
            await log.created_in(one)


async def test_what_cannot_be_taken_in_time_is_said_to_be_busy_and_can_be_taken_later(
    lazy_server, tmp_path
):
    url = lazy_server.new_database()
    store = await PostgresEventStore.open(url, tmp_path / "home", patience_s=0.2)
    with psycopg.connect(url) as taking:
        taking.execute("SELECT pg_advisory_xact_lock(%s)", (LIMITS,))
        with pytest.raises(StoreUnavailable, match="another process keeps it locked"):
            await store.limiter.take("h", (Ask("provider:p", 1),))
    assert await store.limiter.take("h", (Ask("provider:p", 1),)) is None
    await store.close()
