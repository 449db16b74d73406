import pytest

from callboard.stores.sqlite.store import SqliteEventStore
from callboard.testing.store.contract import EventStoreContract

pytestmark = pytest.mark.anyio


class TestSqliteEventStore(EventStoreContract):
    @pytest.fixture
    async def open_store(self, tmp_path, anyio_backend):
        opened = []

        async def another():
            opened.append(await SqliteEventStore.open(tmp_path / "home" / "callboard.db"))
            return opened[-1]

        yield another
        for store in opened:
            await store.close()
