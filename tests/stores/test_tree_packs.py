import pytest

from callboard.stores.sqlite.store import SqliteEventStore
from callboard.testing.tree_packs import MemoryTreePacks, TreePacksContract, taking_up
from tests.stores.tree_packs import StoredTreePacksContract

pytestmark = pytest.mark.anyio


class TestInMemory(TreePacksContract):
    @pytest.fixture
    def packs(self):
        return MemoryTreePacks()

    @pytest.fixture
    def take_up(self):
        return taking_up()


class TestOnSqlite(StoredTreePacksContract):
    @pytest.fixture
    async def store(self, tmp_path, anyio_backend):
        store = await SqliteEventStore.open(tmp_path / "db")
        yield store
        await store.close()
