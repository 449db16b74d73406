"""Room under limits on PostgreSQL: not in the way of what is written, and counted as before when the server crashes."""

import asyncio

import psycopg
import pytest

from callboard.domain.errors import StoreUnavailable
from callboard.engine.pacing import Ask, Full, Limit, LimitStanding
from callboard.stores.postgres.connections import WRITES
from callboard.stores.postgres.rooms import LIMITS
from callboard.stores.postgres.store import PostgresEventStore
from callboard.testing.postgres import PostgresServer
from callboard.testing.store.samples import SampleLog

pytestmark = pytest.mark.anyio

ASKS = (Ask("provider:p"),)
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


async def test_room_that_was_given_a_moment_before_a_crash_is_taken_after_it(two, lazy_server):
    one, other, _ = two
    assert await one.limiter.take("h", ASKS) is None
    await crash(lazy_server)
    assert await other.limiter.take("another", ASKS) == Full("provider:p", 1, 1)
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
