"""A database file gives back what it does not use, while others have it open."""

import sqlite3

import pytest

from callboard.domain.errors import ConfigurationInvalid, StoreUnavailable
from callboard.stores.sqlite.compacting import compact
from callboard.stores.sqlite.store import SqliteEventStore
from callboard.testing.shelf import family, shelve
from callboard.testing.store.samples import SampleLog

pytestmark = pytest.mark.anyio


@pytest.fixture
async def store(tmp_path, anyio_backend):
    opened = await SqliteEventStore.open(tmp_path / "callboard.db")
    yield opened
    await opened.close()


async def test_a_file_is_smaller_once_what_was_put_away_is_taken_out_of_it(store, tmp_path):
    await family(store, letters="abcdefghijkl" * 5)
    await SampleLog("stays").created_in(store)
    events = await store.read("stays")
    await shelve(store.shelf, "root")
    await store.shelf.sweep()
    before, after = compact(tmp_path / "callboard.db")
    assert (tmp_path / "callboard.db").stat().st_size == after < before
    assert await store.read("stays") == events
    await SampleLog("later").created_in(store)
    assert await store.read("later")


async def test_a_file_that_somebody_writes_to_all_the_time_stays_as_it_is(store, tmp_path):
    path = tmp_path / "callboard.db"
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable):
        compact(path, patience_s=0.01)
    writer.execute("ROLLBACK")
    writer.close()
    assert compact(path)[1] == path.stat().st_size


def test_there_must_be_a_file(tmp_path):
    with pytest.raises(ConfigurationInvalid, match="nothing to compact"):
        compact(tmp_path / "none.db")
