"""Dispatch through jobs in a real PostgreSQL."""

import asyncio

import psycopg
import pytest
from psycopg import sql

from callboard.domain.errors import ConfigurationInvalid
from callboard.domain.submission import Submission
from callboard.runtime.system import SystemClock
from callboard.stores.dispatch.jobs_schema import SCHEMA, prepare_jobs
from callboard.stores.dispatch.procrastinate import ProcrastinateDispatcher
from callboard.testing.dispatch import Advances, PeersContract
from tests.unused import unused_port

pytestmark = pytest.mark.anyio
BOUND_S = 60


@pytest.fixture
async def dispatcher(postgres_url):
    dispatcher = ProcrastinateDispatcher(postgres_url, SystemClock())
    yield dispatcher
    await dispatcher.close()


@pytest.fixture
async def other(postgres_url):
    dispatcher = ProcrastinateDispatcher(postgres_url, SystemClock())
    yield dispatcher
    await dispatcher.close()


class TestProcrastinateDispatcher(PeersContract):
    pass


async def jobs(url):
    async with await psycopg.AsyncConnection.connect(url) as connection:
        counted = sql.SQL("SELECT status::text, count(*) FROM {}.procrastinate_jobs GROUP BY 1")
        found = await connection.execute(counted.format(sql.Identifier(SCHEMA)))
        return dict(await found.fetchall())


async def waiting(url):
    async with await psycopg.AsyncConnection.connect(url) as connection:
        asked = sql.SQL("SELECT args->>'run_id' FROM {}.procrastinate_jobs ORDER BY id")
        found = await connection.execute(asked.format(sql.Identifier(SCHEMA)))
        return [run_id for (run_id,) in await found.fetchall()]


async def test_many_that_start_at_once_make_one_schema(postgres_url):
    await asyncio.gather(*(prepare_jobs(postgres_url) for _ in range(8)))
    assert await jobs(postgres_url) == {}


async def test_jobs_are_gone_when_they_are_taken(dispatcher, other, postgres_url):
    advances = Advances(free=True)
    for number in range(5):
        await other.submit(Submission(f"r{number}"))
    await dispatcher.start(advances, advances.look, 2)
    await advances.called(5)
    await dispatcher.stop(BOUND_S)
    assert await jobs(postgres_url) == {}


async def test_a_run_that_waits_for_a_place_waits_once(dispatcher, other, postgres_url):
    for _ in range(5):
        await other.submit(Submission("r"))
        await other.knock()
    assert await jobs(postgres_url) == {"todo": 2}


async def test_what_a_process_took_that_died_hinders_nobody(dispatcher, other, postgres_url):
    await other.submit(Submission("r"))
    path = f"-c search_path={SCHEMA}"
    async with await psycopg.AsyncConnection.connect(postgres_url, options=path) as connection:
        await connection.execute("UPDATE procrastinate_jobs SET status = 'doing'")
    await other.submit(Submission("r"))
    advances = Advances(free=True)
    await dispatcher.start(advances, advances.look, 2)
    await advances.called(1)
    async with asyncio.timeout(BOUND_S):
        while await jobs(postgres_url):
            pass
    await dispatcher.stop(BOUND_S)


@pytest.fixture
def crashing(postgres_server):
    """The address of a database whose server is the test's own to crash."""
    server = type(postgres_server).begin()
    yield server
    server.remove()


async def test_goes_on_after_the_database_crashed(crashing, caplog):
    here = ProcrastinateDispatcher(crashing.url, SystemClock())
    there = ProcrastinateDispatcher(crashing.url, SystemClock())
    advances = Advances(free=True)
    await here.start(advances, advances.look, 2)
    await there.submit(Submission("before"))
    await advances.called(1)
    await asyncio.to_thread(crashing.crash)
    await there.submit(Submission("lost"))
    await asyncio.to_thread(crashing.start)
    await there.submit(Submission("after"))
    await advances.until(lambda: "after" in advances.calls)
    assert "lost" in caplog.text
    await there.close()
    await here.close()


async def test_what_is_handed_out_after_a_long_outage_reaches_the_database(crashing, caplog):
    dispatcher = ProcrastinateDispatcher(crashing.url, SystemClock(), patience_s=2)
    await dispatcher.submit(Submission("before"))
    await asyncio.to_thread(crashing.crash)
    for number in range(2):  # each is waited for as long as that
        await dispatcher.submit(Submission(f"lost-{number}"))
    assert "a hint at run lost-1 was lost (TimeoutError)" in caplog.text
    assert all(record.name.startswith("callboard.") for record in caplog.records)
    await asyncio.to_thread(crashing.start)
    await dispatcher.submit(Submission("after"))
    assert "after" in await waiting(crashing.url)
    await dispatcher.close()


async def test_a_database_that_is_not_there_is_said_so():
    port = unused_port()
    dispatcher = ProcrastinateDispatcher(
        f"postgresql://nobody@127.0.0.1:{port}/nothing", SystemClock()
    )
    advances = Advances()
    with pytest.raises(ConfigurationInvalid, match="CALLBOARD_DATABASE_URL"):
        await dispatcher.start(advances, advances.look, 1)


async def test_who_may_not_create_schemas_is_told_what_to_do(postgres_url):
    async with await psycopg.AsyncConnection.connect(postgres_url) as connection:
        await connection.execute("DROP ROLE IF EXISTS guest")
        await connection.execute("CREATE ROLE guest LOGIN")
    dispatcher = ProcrastinateDispatcher(
        postgres_url.replace("callboard@", "guest@"), SystemClock()
    )
    advances = Advances()
    with pytest.raises(ConfigurationInvalid, match="callboard db upgrade"):
        await dispatcher.start(advances, advances.look, 1)
