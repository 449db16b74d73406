import pytest

from callboard.stores.sqlite.store import SqliteEventStore
from callboard.testing.tree_packs import MemoryTreePacks, TreePacksContract

pytestmark = pytest.mark.anyio


class TestInMemory(TreePacksContract):
    @pytest.fixture
    def packs(self):
        return MemoryTreePacks()


class TestOnSqlite(TreePacksContract):
    @pytest.fixture
    async def packs(self, tmp_path, anyio_backend):
        store = await SqliteEventStore.open(tmp_path / "db")
        yield store.tree_packs
        await store.close()
