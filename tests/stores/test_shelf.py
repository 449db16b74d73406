"""What lies in the archive is known in memory as in a file, and no blob goes that somebody needs."""

import asyncio
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callboard.stores.sqlite.connections import connect
from callboard.stores.sqlite.store import SqliteEventStore
from callboard.testing.shelf import ShelfContract, change, family, shelve, written
from callboard.testing.store.memory import MemoryEventStore
from callboard.testing.store.memory_shelf import MemoryShelf
from callboard.testing.store.memory_threads import MemoryThreads
from callboard.testing.store.samples import SampleLog

pytestmark = pytest.mark.anyio


class TestInMemory(ShelfContract):
    @pytest.fixture
    def store(self):
        return MemoryEventStore()

    @pytest.fixture
    def threads(self, store):
        return MemoryThreads(store.disk)

    @pytest.fixture
    def shelf(self, store):
        return MemoryShelf(store.disk)


class TestInAFile(ShelfContract):
    @pytest.fixture
    def store(self, sqlite_store):
        return sqlite_store

    @pytest.fixture
    def threads(self, store):
        return store.threads

    @pytest.fixture
    def shelf(self, store):
        return store.shelf


_runs = st.lists(st.text("vwxyz", max_size=4), min_size=1, max_size=6)


@given(_runs, st.data())
@settings(max_examples=25, deadline=None)
def test_no_blob_goes_that_an_event_refers_to_and_no_other_stays(letters, data):
    away = data.draw(st.sets(st.sampled_from(range(len(letters)))))

    async def told():
        with TemporaryDirectory() as home:
            store = await SqliteEventStore.open(Path(home, "callboard.db"), durable=False)
            try:
                return await _told(store, letters, away)
            finally:
                await store.close()

    there, needed = asyncio.run(told())
    assert there == needed


async def _told(store, letters, away):
    """Put runs away, sweep, and return which blobs are there and which ought to be."""
    for number, used in enumerate(letters):
        await written(store, SampleLog(f"r{number}"), used)
    for number in away:
        await shelve(store.shelf, f"r{number}")
        await store.shelf.sweep()
    address = {one: change(SampleLog("any"), one)[1].sha256 for one in "vwxyz"}
    left = (used for number, used in enumerate(letters) if number not in away)
    needed = {address[one] for one in "".join(left)}
    return set(await store.blobs(list(address.values()))), needed


async def test_a_blob_that_an_event_refers_to_after_the_scan_stays(tmp_path):
    store = await SqliteEventStore.open(tmp_path / "callboard.db")
    try:
        await family(store, "old", "x")
        await shelve(store.shelf, "old")
        # the sweep looks, then removes; what comes between them is behind the position of its look
        sweeping = asyncio.ensure_future(store.shelf.sweep())
        await written(store, SampleLog("new"), "x")
        await sweeping
        sealed, blob = change(SampleLog("any"), "x")
        del sealed
        assert await store.blobs([blob.sha256]) == {blob.sha256: blob.content}
    finally:
        await store.close()


async def test_a_run_that_is_put_away_is_gone_as_a_whole_or_not_at_all(tmp_path):
    path = tmp_path / "callboard.db"
    store = await SqliteEventStore.open(path)
    await family(store)
    before = await store.read_tree("root")
    with closing(connect(path)) as connection:
        connection.execute(
            "CREATE TRIGGER no_shelf BEFORE INSERT ON shelf BEGIN SELECT RAISE(ABORT, 'no'); END"
        )
        with pytest.raises(Exception, match="no"):
            await shelve(store.shelf, "root")
        connection.execute("DROP TRIGGER no_shelf")
    assert await store.read_tree("root") == before
    await shelve(store.shelf, "root")
    await store.close()
