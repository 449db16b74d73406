"""What becomes of work when the server goes away, comes back, is full, or does not let anybody in."""

import asyncio

import psycopg
import pytest
from psycopg import errors
from psycopg.sql import SQL, Identifier

from callboard.domain.errors import (
    CallboardError,
    ConfigurationInvalid,
    DatabaseUnusable,
    StoreUnavailable,
)
from callboard.domain.usage import usd
from callboard.engine.budgets import Granted, Wanted
from callboard.ports.budgets import Account
from callboard.stores.postgres import sql
from callboard.stores.postgres.connections import PostgresSession, open_connection
from callboard.stores.postgres.driver import PostgresDriver
from callboard.stores.postgres.failures import explain, is_lost
from callboard.stores.postgres.owners import LeasedOwners
from callboard.stores.postgres.place import PostgresPlace
from callboard.stores.postgres.store import PostgresEventStore
from callboard.stores.postgres.watch import AskingWatch
from callboard.stores.relational.access import Access
from callboard.stores.relational.readers import Readers
from callboard.stores.relational.store import RelationalStore
from callboard.stores.relational.writer import Writer
from callboard.testing.postgres import PostgresServer
from callboard.testing.records import NOTES, Note, _change
from callboard.testing.store.samples import SampleLog, broken_at

pytestmark = pytest.mark.anyio
PATIENCE_S = 30.0


class ForgetfulSession(PostgresSession):
    """A connection that breaks once, after the server did what it was asked and before the answer came."""

    forgets = False

    def execute(self, statement, named=None, /):
        answer = super().execute(statement, named)
        if self.forgets and statement.startswith("WITH alone"):
            self._break()
        return answer

    def commit(self):
        super().commit()
        if self.forgets:
            self._break()

    def _break(self):
        self.forgets = False
        self.close()
        raise psycopg.OperationalError("the connection was lost")


class ForgetfulDriver(PostgresDriver):
    """Hands out such connections to whoever writes."""

    def __init__(self, place):
        super().__init__(place, PATIENCE_S)
        self.place = place
        self.sessions = []

    def connect(self, *, read_only=False):
        if read_only:
            return super().connect(read_only=True)
        session = ForgetfulSession(open_connection(self.place, patience_s=PATIENCE_S))
        self.sessions.append(session)
        return session

    def forget(self):
        self.sessions[-1].forgets = True


@pytest.fixture
async def forgetful(postgres_database, tmp_path, anyio_backend):
    place = PostgresPlace.of(postgres_database)
    driver = ForgetfulDriver(place)
    owners = LeasedOwners(tmp_path / "owners", 3_600)
    session = PostgresDriver(place, PATIENCE_S).connect()
    owners.begin(session)
    access = Access(sql, Writer(driver), Readers(driver))
    store = RelationalStore(access, owners, AskingWatch(lambda: 0), "PostgreSQL")
    yield store, driver
    await store.close()
    owners.retire(session)
    session.close()


async def test_events_whose_commit_was_not_answered_are_stored_once(forgetful):
    store, driver = forgetful
    log = SampleLog("r1")
    driver.forget()
    claim = await log.created_in(store)
    driver.forget()
    first, second = store.append(log.batch(claim.epoch, 2)), store.append(log.batch(claim.epoch, 3))
    await asyncio.gather(first, second)
    assert len(driver.sessions) == 3
    assert [event.seq for event in await store.read("r1")] == [1, 2, 3, 4, 5, 6]
    assert broken_at(await store.read("r1"), await store.head("r1")) is None


async def test_a_run_whose_claim_was_not_answered_is_held_in_one_epoch_more(forgetful):
    store, driver = forgetful
    await store.release(await SampleLog("r1").created_in(store))
    driver.forget()
    claim = await store.claim("r1")
    log = SampleLog("r1", seq=claim.head, hash=claim.head_hash)
    await store.append(log.batch(claim.epoch))
    assert len(await store.read("r1")) == 2


async def test_a_change_whose_commit_was_not_answered_is_made_once_and_written_down_once(forgetful):
    store, driver = forgetful
    driver.forget()
    await store.records.commit(_change(NOTES.put(Note(id="a"))))
    kept = await store.records.get(NOTES, "a")
    assert kept is not None
    assert kept.revision == 1
    driver.forget()
    await store.records.commit(_change(NOTES.remove(kept)))
    assert await store.records.get(NOTES, "a") is None
    assert await store.records.check_audit() is None


async def test_money_is_reserved_once_where_the_commit_was_not_answered(forgetful):
    store, driver = forgetful
    path, wanted = [Account("run:r1", usd("1"))], Wanted(usd("0.4"), usd("0.4"))
    driver.forget()
    assert await store.budgets.reserve("k", path, wanted) == Granted(usd("0.4"))
    driver.forget()
    await store.budgets.settle("k", usd("0.1"))
    (standing,) = await store.budgets.standings()
    assert (standing.spent_usd, standing.reserved_usd) == (usd("0.1"), usd("0"))


@pytest.fixture
def own_server():
    server = PostgresServer.begin()
    yield server
    server.remove()


async def test_a_server_that_crashes_in_the_middle_of_work_loses_nothing(own_server, tmp_path):
    url = own_server.new_database()
    store = await PostgresEventStore.open(url, tmp_path / "home")
    logs = [SampleLog(f"r{number}") for number in range(10)]
    claims = [await log.created_in(store) for log in logs]
    stored = []

    async def write(log, claim):
        for _ in range(20):
            await store.append(log.batch(claim.epoch, 2))
            stored.append(log.run_id)

    writing = asyncio.gather(*map(write, logs, claims))
    while len(stored) < 20:  # noqa: ASYNC110 - ends with the writing below, which is bounded
        await asyncio.sleep(0)
    await asyncio.to_thread(own_server.crash)
    appending = asyncio.ensure_future(store.row("r1"))
    await asyncio.gather(appending, return_exceptions=True)
    await asyncio.to_thread(own_server.start)
    async with asyncio.timeout(60):
        await writing
    for log in logs:
        events = await store.read(log.run_id)
        assert len(events) == 41
        assert broken_at(events, await store.head(log.run_id)) is None
    await store.close()


async def test_whoever_reads_notices_nothing_of_a_server_that_crashed_and_is_back(own_server):
    place = PostgresPlace.of(own_server.new_database())
    readers = Readers(PostgresDriver(place, PATIENCE_S), moment_s=PATIENCE_S)

    def number(session):
        return session.execute("SELECT 7").fetchone()[0]

    await asyncio.gather(*(readers.run(number) for _ in range(20)))  # on several connections
    await asyncio.to_thread(own_server.crash)
    reading = [asyncio.create_task(readers.run(number)) for _ in range(2)]
    await asyncio.to_thread(own_server.start)
    reading += [asyncio.create_task(readers.run(number)) for _ in range(2)]
    assert await asyncio.gather(*reading) == [7] * 4
    readers.close()


async def test_a_server_that_stays_away_is_said_to_and_what_was_recorded_is_safe(
    own_server, tmp_path
):
    url = own_server.new_database()
    store = await PostgresEventStore.open(url, tmp_path / "home", patience_s=0.2)
    log = SampleLog("r1")
    claim = await log.created_in(store)
    own_server.stop()
    with pytest.raises(StoreUnavailable, match="cannot be reached"):
        await store.append(log.batch(claim.epoch))
    with pytest.raises(StoreUnavailable, match="cannot be reached"):
        await store.row("r1")
    with pytest.raises(StoreUnavailable, match="cannot be reached"):
        await store.release(claim)
    own_server.start()
    assert await store.unfinished() == ["r1"]  # nobody drives it, whatever the table says
    claim = await store.claim("r1")
    assert await store.unfinished() == []
    again = SampleLog("r1", seq=claim.head, hash=claim.head_hash)
    await store.append(again.batch(claim.epoch))
    assert len(await store.read("r1")) == 2
    await store.close()


async def test_a_server_without_connections_left_is_named(own_server, tmp_path):
    url = own_server.new_database()
    own_server.stop()
    own_server.start(settings="-c max_connections=4 -c superuser_reserved_connections=0")
    first = await PostgresEventStore.open(url, tmp_path / "home")
    with pytest.raises(StoreUnavailable, match="no connection left"):
        await PostgresEventStore.open(url, tmp_path / "another")
    assert list((tmp_path / "another" / "owners").iterdir()) == []
    claim = await SampleLog("r1").created_in(first)
    assert claim.epoch == 1
    await first.close()


async def test_a_database_that_may_only_be_read_is_named(postgres_database, tmp_path):
    name = Identifier(postgres_database.rpartition("/")[2])
    with psycopg.connect(postgres_database, autocommit=True) as connection:
        connection.execute(
            SQL("ALTER DATABASE {} SET default_transaction_read_only = on").format(name)
        )
    with pytest.raises(StoreUnavailable, match="read-only"):
        await PostgresEventStore.open(postgres_database, tmp_path / "home")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql://callboard@127.0.0.1:1/postgres", "cannot be reached"),
        ("postgresql://nobody:hush@{server}/postgres", "lets nobody in"),
        ("postgresql://callboard:hush@{server}/nowhere", "lets nobody in"),
        (
            "postgresql://callboard:hush@{server}/postgres?sslmode=perhaps",
            "CALLBOARD_DATABASE_URL|sslmode",
        ),
    ],
)
async def test_an_address_that_leads_nowhere_is_named_without_its_password(
    postgres_server, tmp_path, url, words
):
    address = url.replace("{server}", f"127.0.0.1:{postgres_server.port}")
    with pytest.raises(CallboardError, match=words) as caught:
        await PostgresEventStore.open(address, tmp_path / "home")
    assert "hush" not in str(caught.value)
    assert list((tmp_path / "home" / "owners").iterdir()) == []


@pytest.mark.parametrize(
    ("error", "words", "lost"),
    [
        (errors.DiskFull("no space left"), "no room", False),
        (errors.TooManyConnections("too many clients"), "no connection left", True),
        (errors.LockNotAvailable("timeout"), "keeps it locked", False),
        (errors.ReadOnlySqlTransaction("cannot execute INSERT"), "read-only", False),
        (errors.AdminShutdown("terminating connection"), "cannot be reached", True),
        (errors.InsufficientPrivilege("permission denied"), "grant it CREATE", False),
        (errors.UndefinedColumn("column x"), "callboard db check", False),
        (errors.UndefinedTable('relation "x" does not exist'), "callboard db check", False),
        (psycopg.OperationalError('FATAL: database "x" does not exist'), "lets nobody in", False),
        (psycopg.OperationalError("server closed the connection"), "cannot be reached", True),
        (ValueError("a surrogate"), "a surrogate", False),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_a_failure_of_the_server_is_told_in_words_for_people(error, words, lost):
    said = explain(error, "the database")
    assert words in str(said)
    assert is_lost(error) is lost
    assert isinstance(said, StoreUnavailable | ConfigurationInvalid)


@pytest.mark.parametrize("kind", [errors.InvalidPassword, errors.InsufficientPrivilege])
def test_a_database_that_does_not_let_us_work_is_nothing_that_who_asks_can_mend(kind):
    assert type(explain(kind("no"), "the database")) is DatabaseUnusable
