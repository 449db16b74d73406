"""Windows of threads, on every store, and the marks of logs that were written before there were any."""

import sqlite3
from contextlib import closing

import pytest

from callboard.domain.thread_mark import ROW
from callboard.ports.threads import WindowWanted
from callboard.stores.sqlite.store import SqliteEventStore
from callboard.testing.store.memory import MemoryEventStore
from callboard.testing.store.memory_threads import MemoryThreads
from callboard.testing.store.samples import SampleLog
from callboard.testing.store.threads import ThreadsContract

pytestmark = pytest.mark.anyio


class TestSqliteThreads(ThreadsContract):
    @pytest.fixture
    async def open_threads(self, tmp_path, anyio_backend):
        store = await SqliteEventStore.open(tmp_path / "home" / "callboard.db")

        async def opened():
            return store, store.threads

        yield opened
        await store.close()


class TestMemoryThreads(ThreadsContract):
    @pytest.fixture
    def open_threads(self):
        async def opened():
            store = MemoryEventStore()
            return store, MemoryThreads(store.disk)

        return opened


def back_to_0008(connection):
    """Undo what came with the revisions after 0008."""
    for index in ("run_by_deadline", "run_by_need", "record_by_state"):
        connection.execute(f"DROP INDEX IF EXISTS {index}")
    for table in (
        "mark",
        "cap",
        "slot",
        "owner",
        "compatible",
        "shelf",
        "private_copy",
        "tree_pack",
        "told_room",
    ):
        connection.execute(f"DROP TABLE IF EXISTS {table}")
    connection.execute("UPDATE alembic_version SET version_num = '0008'")


async def test_logs_of_before_there_were_marks_have_them_after_the_upgrade(tmp_path):
    path = tmp_path / "home" / "callboard.db"
    store = await SqliteEventStore.open(path)
    await SampleLog("r1").created_in(store, count=700)
    await SampleLog("c1", root_id="r1", parent_id="r1").created_in(store, count=3)
    before = await store.threads.window(WindowWanted("r1"))
    counts = await store.threads.counts("r1")
    await store.close()
    with closing(sqlite3.connect(path)) as connection, connection:
        back_to_0008(connection)
    store = await SqliteEventStore.open(path)
    try:
        assert await store.threads.window(WindowWanted("r1")) == before
        assert await store.threads.counts("r1") == counts
        assert counts[ROW] == 703
    finally:
        await store.close()


async def test_an_event_that_cannot_be_read_stops_no_upgrade(tmp_path):
    path = tmp_path / "home" / "callboard.db"
    store = await SqliteEventStore.open(path)
    await SampleLog("r1").created_in(store, count=3)
    await store.close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE event SET body = 'nonsense' WHERE seq = 2")
        back_to_0008(connection)
    store = await SqliteEventStore.open(path)
    try:
        assert (await store.threads.counts("r1"))[ROW] == 2
    finally:
        await store.close()
