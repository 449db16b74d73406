"""The store on a real PostgreSQL keeps every contract that the one on SQLite keeps."""

import pytest

from callboard.stores.postgres.store import PostgresEventStore
from callboard.testing.budgets import BudgetsContract
from callboard.testing.limiter import LimiterContract
from callboard.testing.records import RecordsContract
from callboard.testing.releases import ReleasesContract
from callboard.testing.store.contract import EventStoreContract
from callboard.testing.store.threads import ThreadsContract
from callboard.testing.unattended import UnattendedContract
from callboard.testing.vault import SealedCredentialsContract

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
    def records(self, store):
        return store.records

    @pytest.fixture
    def unattended(self, store):
        return store.unattended
