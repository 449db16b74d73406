import pytest

from callboard.stores.postgres.store import PostgresEventStore
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


@pytest.fixture(params=["sqlite", "postgres"])
async def either_store(request, tmp_path, anyio_backend):
    """A store of each kind, empty."""
    if request.param == "sqlite":
        store = await SqliteEventStore.open(tmp_path / "callboard.db")
    else:
        url = request.getfixturevalue("postgres_database")
        store = await PostgresEventStore.open(url, tmp_path / "home")
    yield store
    await store.close()
