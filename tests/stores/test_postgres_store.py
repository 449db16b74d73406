"""The store on a real PostgreSQL keeps every contract that the one on SQLite keeps."""

import asyncio

import psycopg
import pytest

from callboard.stores.postgres.store import PostgresEventStore
from callboard.testing.budgets import BudgetsContract
from callboard.testing.limiter import LimiterContract
from callboard.testing.records import RecordsContract
from callboard.testing.releases import ReleasesContract
from callboard.testing.shelf import ShelfContract, family, shelve
from callboard.testing.store.contract import EventStoreContract
from callboard.testing.store.samples import SampleLog
from callboard.testing.store.threads import ThreadsContract
from callboard.testing.unattended import UnattendedContract
from callboard.testing.vault import SealedCredentialsContract
from tests.stores.tree_packs import StoredTreePacksContract

pytestmark = pytest.mark.anyio


@pytest.fixture
async def store(postgres_database, tmp_path, anyio_backend):
    store = await PostgresEventStore.open(postgres_database, tmp_path / "home")
    yield store
    await store.close()


class TestEvents(EventStoreContract):
    @pytest.fixture
    async def open_store(self, postgres_database, tmp_path, anyio_backend):
        opened = []

        async def another():
            opened.append(await PostgresEventStore.open(postgres_database, tmp_path / "home"))
            return opened[-1]

        yield another
        for store in opened:
            await store.close()


class TestThreads(ThreadsContract):
    @pytest.fixture
    def open_threads(self, store):
        async def opened():
            return store, store.threads

        return opened


class TestRecords(RecordsContract):
    @pytest.fixture
    def records(self, store):
        return store.records


class TestBudgets(BudgetsContract):
    @pytest.fixture
    def budgets(self, store):
        return store.budgets


class TestCredentials(SealedCredentialsContract):
    @pytest.fixture
    def table(self, store):
        return store.credentials


class TestReleases(ReleasesContract):
    @pytest.fixture
    def releases(self, store):
        return store.releases


class TestLimits(LimiterContract):
    @pytest.fixture
    def limiter(self, store):
        return store.limiter


class TestUnattended(UnattendedContract):
    @pytest.fixture
    async def another(self, postgres_database, tmp_path, anyio_backend):
        other = await PostgresEventStore.open(postgres_database, tmp_path / "home")
        yield other
        await other.close()

    @pytest.fixture
    def records(self, store):
        return store.records

    @pytest.fixture
    def unattended(self, store):
        return store.unattended

    async def test_does_not_count_what_this_process_writes_itself(self, store, another, unattended):
        async with asyncio.timeout(20):
            await unattended.changed(0, within_s=3_600)  # now it listens
            await _heard(unattended, SampleLog("there-1").created_in(another))
            seen = await unattended.changes()
            for number in range(3):
                await SampleLog(f"here-{number}").created_in(store)
            await _heard(unattended, SampleLog("there-2").created_in(another))
        assert await unattended.changes() == seen + 1


async def _heard(unattended, writing):
    """Write as another process, and wait until that is noticed."""
    seen = await unattended.changes()
    await writing
    while await unattended.changes() == seen:
        await unattended.changed(seen, within_s=3_600)


class TestTreePacks(StoredTreePacksContract):
    """The store of this module."""


class TestShelf(ShelfContract):
    @pytest.fixture
    def threads(self, store):
        return store.threads

    @pytest.fixture
    def shelf(self, store):
        return store.shelf


async def test_the_table_of_a_past_month_goes_with_its_last_event(store, postgres_database):
    with psycopg.connect(postgres_database, autocommit=True) as connection:
        connection.execute("SET search_path TO callboard")
        connection.execute(
            "CREATE TABLE event_202001 PARTITION OF event FOR VALUES FROM ('2020-01-01') TO ('2020-02-01')"
        )
        connection.execute("ALTER TABLE event ALTER stored_on SET DEFAULT '2020-01-05'")
        await family(store, "old")
        connection.execute("ALTER TABLE event ALTER stored_on SET DEFAULT now()::date")
        assert (await store.shelf.sweep()).tables == ()
        await family(store, "new")
        await shelve(store.shelf, "old")
        with connection.transaction():  # somebody looks into it: it goes another time
            connection.execute("SELECT count(*) FROM event_202001")
            assert (await store.shelf.sweep()).tables == ()
        assert (await store.shelf.sweep()).tables == ("event_202001",)
    assert len(await store.read_tree("new")) == 9
