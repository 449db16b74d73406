import pytest

from callboard.stores.sqlite.store import SqliteEventStore


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
async def sqlite_store(tmp_path, anyio_backend):
    """A store in a file of its own."""
    store = await SqliteEventStore.open(tmp_path / "callboard.db")
    yield store
    await store.close()
