"""Records keep their contract in memory and in a real file; the audit log betrays every change to it."""

import sqlite3

import pytest

from callboard.domain.record import Change
from callboard.stores.sqlite.store import SqliteEventStore
from callboard.testing.records import NOTES, MemoryRecords, Note, RecordsContract, _change

pytestmark = pytest.mark.anyio


class TestInMemory(RecordsContract):
    @pytest.fixture
    def records(self):
        return MemoryRecords()


class TestInAFile(RecordsContract):
    @pytest.fixture
    def records(self, sqlite_store):
        return sqlite_store.records


async def _with_three_entries(path):
    store = await SqliteEventStore.open(path)
    for name in "abc":
        await store.records.commit(_change(NOTES.put(Note(id=name))))
    await store.close()


@pytest.mark.parametrize("sql", ["DELETE FROM audit", "UPDATE audit SET actor = 'person:eve'"])
async def test_the_database_itself_refuses_to_change_the_audit_log(tmp_path, sql):
    path = tmp_path / "callboard.db"
    await _with_three_entries(path)
    with sqlite3.connect(path) as raw, pytest.raises(sqlite3.IntegrityError, match="append-only"):
        raw.execute(sql)
    raw.close()


@pytest.mark.parametrize(
    ("sql", "place"),
    [
        ("UPDATE audit SET body = replace(body, 'ann', 'eve') WHERE position = 2", 2),
        ("DELETE FROM audit_record; DELETE FROM audit WHERE position = 1", 1),
        ("UPDATE audit SET position = 9 WHERE position = 2", 2),
    ],
)
async def test_whoever_changes_it_behind_the_databases_back_is_found_out(tmp_path, sql, place):
    path = tmp_path / "callboard.db"
    await _with_three_entries(path)
    with sqlite3.connect(path) as raw:
        raw.executescript(f"DROP TRIGGER audit_no_update; DROP TRIGGER audit_no_delete; {sql}")
    raw.close()
    store = await SqliteEventStore.open(path)
    assert await store.records.check_audit() == place
    await store.close()


async def test_a_change_without_writes_is_an_entry_all_the_same(tmp_path):
    store = await SqliteEventStore.open(tmp_path / "callboard.db")
    change = _change()
    assert isinstance(change, Change)
    await store.records.commit(change)
    assert await store.records.check_audit() is None
    await store.close()


async def test_a_record_in_the_place_of_a_removed_one_is_not_mistaken_for_it(tmp_path):
    store = await SqliteEventStore.open(tmp_path / "callboard.db")
    await store.records.commit(_change(NOTES.put(Note(id="a", text="old"))))
    old = await store.records.get(NOTES, "a")
    assert old is not None
    await store.records.commit(_change(NOTES.remove(old)))
    await store.records.commit(_change(NOTES.put(Note(id="b", text="new"))))
    new = await store.records.get(NOTES, "b")
    assert new is not None
    assert (new.value.text, new.position) == ("new", old.position)
    await store.close()
