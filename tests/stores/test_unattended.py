"""What nobody attends to is found by the database as by a look at everything."""

import pytest

from callboard.stores.sqlite.store import SqliteEventStore
from callboard.testing.records import MemoryRecords
from callboard.testing.store.memory import MemoryEventStore
from callboard.testing.unattended import LookAtAll, UnattendedContract

pytestmark = pytest.mark.anyio


class TestByALookAtEverything(UnattendedContract):
    @pytest.fixture
    def store(self):
        return MemoryEventStore()

    @pytest.fixture
    def another(self, store):
        return MemoryEventStore(store.disk)

    @pytest.fixture
    def records(self):
        return MemoryRecords()

    @pytest.fixture
    def unattended(self, store, records):
        return LookAtAll(store, records)


class TestInAFile(UnattendedContract):
    @pytest.fixture
    def store(self, sqlite_store):
        return sqlite_store

    @pytest.fixture
    async def another(self, store, tmp_path):
        other = await SqliteEventStore.open(tmp_path / "callboard.db")
        yield other
        await other.close()

    @pytest.fixture
    def records(self, store):
        return store.records

    @pytest.fixture
    def unattended(self, store):
        return store.unattended
