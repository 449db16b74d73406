"""What becomes of a database file that is not as we left it."""

import os
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from dataclasses import replace

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from callboard.domain.errors import ConfigurationInvalid, LogCorrupt, StoreUnavailable, UnknownThing
from callboard.stores.relational import statements
from callboard.stores.revisions import CURRENT, MIGRATIONS
from callboard.stores.sqlite.connections import require_version
from callboard.stores.sqlite.store import SqliteEventStore
from callboard.stores.tables import metadata
from callboard.testing.store.samples import SampleLog, broken_at

pytestmark = pytest.mark.anyio


@pytest.fixture
async def database(tmp_path, anyio_backend):
    """A database with one run of five events, closed."""
    path = tmp_path / "home" / "callboard.db"
    store = await SqliteEventStore.open(path)
    await SampleLog("r1").created_in(store, count=5)
    await store.close()
    return path


def change(path, statement, *params):
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement, params)


async def first_broken(path):
    store = await SqliteEventStore.open(path)
    try:
        return broken_at(await store.read("r1"), await store.head("r1"))
    finally:
        await store.close()


async def test_an_untouched_log_verifies(database):
    assert await first_broken(database) is None


@pytest.mark.parametrize(
    ("tampering", "position"),
    [
        ("UPDATE event SET body = replace(body, 'ada', 'eve') WHERE seq = 2", 2),
        ("DELETE FROM event WHERE seq = 3", 3),
        ("DELETE FROM event WHERE seq = 5", 5),
        (
            "UPDATE event SET body = (SELECT e.body FROM event e WHERE e.seq = 5 - event.seq) WHERE seq < 4 AND seq > 1",
            2,
        ),
        ("UPDATE run SET head = 4", 6),
        ("UPDATE run SET head_hash = 'x'", 6),
    ],
    ids=["altered", "deleted", "cut off", "reordered", "head moved", "head replaced"],
)
async def test_tampering_is_visible_to_a_verifier(database, tampering, position):
    change(database, tampering)
    assert await first_broken(database) == position


async def test_a_projection_that_was_made_unreadable_is_called_corrupt(database):
    change(database, "UPDATE run SET status = 'sleeping'")
    store = await SqliteEventStore.open(database)
    with pytest.raises(LogCorrupt, match="r1"):
        await store.rows()
    await store.close()


async def test_a_file_that_is_no_database_is_named(tmp_path):
    path = tmp_path / "callboard.db"
    path.write_bytes(b"this is not a database, whatever its name says " * 100)
    with pytest.raises(ConfigurationInvalid, match=r"callboard\.db"):
        await SqliteEventStore.open(path)
    assert list((tmp_path / "owners").iterdir()) == []


async def test_somebody_elses_database_is_left_alone(tmp_path):
    path = tmp_path / "callboard.db"
    change(path, "CREATE TABLE recipe (name TEXT)")
    before = path.read_bytes()
    with pytest.raises(ConfigurationInvalid, match="not Callboard's"):
        await SqliteEventStore.open(path)
    assert path.read_bytes() == before


async def test_a_torn_file_is_reported_and_not_read_as_empty(database):
    database.write_bytes(database.read_bytes()[:5000])
    with pytest.raises((ConfigurationInvalid, LogCorrupt), match=r"callboard\.db"):
        await first_broken(database)


async def test_a_replaced_database_does_not_pass_for_the_old_one(database, tmp_path):
    other = tmp_path / "other" / "callboard.db"
    store = await SqliteEventStore.open(other)
    await SampleLog("r2").created_in(store)
    await store.close()
    other.replace(database)
    with pytest.raises(UnknownThing, match="r1"):
        await first_broken(database)


async def test_a_database_newer_than_the_code_is_refused(database):
    change(database, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(ConfigurationInvalid, match="newer Callboard"):
        await SqliteEventStore.open(database)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
async def test_a_directory_without_permission_is_named(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(ConfigurationInvalid, match="CALLBOARD_HOME"):
        await SqliteEventStore.open(tmp_path / "home" / "callboard.db")


async def test_a_home_that_is_a_file_is_named(tmp_path):
    (tmp_path / "home").write_text("")
    with pytest.raises(ConfigurationInvalid, match="CALLBOARD_HOME"):
        await SqliteEventStore.open(tmp_path / "home" / "callboard.db")


async def test_a_planted_symlink_is_not_followed(tmp_path):
    target = tmp_path / "elsewhere"
    (tmp_path / "callboard.db").symlink_to(target)
    with pytest.raises(ConfigurationInvalid, match=r"callboard\.db"):
        await SqliteEventStore.open(tmp_path / "callboard.db")
    assert not target.exists()


async def test_nobody_else_can_read_what_is_stored(database):
    store = await SqliteEventStore.open(database)
    files = [path for path in database.parent.rglob("*") if path.is_file()]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert stat.S_IMODE(database.parent.stat().st_mode) == 0o700
    await store.close()


async def test_odd_characters_in_the_path_are_only_characters(tmp_path):
    path = tmp_path / "a?b#c%20 d" / "x.db"
    store = await SqliteEventStore.open(path)
    await store.close()
    assert path.exists()


async def test_a_full_disk_fails_the_append_and_keeps_the_log_whole(database):
    store = await SqliteEventStore.open(database)
    claim = await store.claim("r1")
    pages = store._writer._connected().execute("PRAGMA page_count").fetchone()[0]
    store._writer._connected().execute(f"PRAGMA max_page_count = {pages}")
    log = SampleLog("r1", seq=claim.head, hash=claim.head_hash)
    with pytest.raises(StoreUnavailable, match="disk is full"):
        await store.append(log.batch(claim.epoch, 500))
    assert len(await store.read("r1")) == 5
    store._writer._connected().execute("PRAGMA max_page_count = 100000")
    retry = SampleLog("r1", seq=claim.head, hash=claim.head_hash)
    await store.append(retry.batch(claim.epoch, 500))
    assert broken_at(await store.read("r1"), await store.head("r1")) is None
    await store.close()


async def test_a_batch_that_cannot_be_stored_does_not_disturb_its_group(database):
    store, good, bad = await SqliteEventStore.open(database), SampleLog("good"), SampleLog("bad")
    claim = await good.created_in(store)
    await bad.created_in(store)
    poison = bad.batch(1)
    poison = type(poison)("bad", 1, 1, poison.events, replace(poison.row, turns=2**70))
    first, second, third = (
        store.append(good.batch(claim.epoch)),
        store.append(poison),
        store.append(good.batch(claim.epoch)),
    )
    await first
    with pytest.raises(StoreUnavailable):
        await second
    await third
    assert len(await store.read("good")) == 3
    assert len(await store.read("bad")) == 1
    await store.close()


@pytest.mark.parametrize("path", statements.targets(), ids=lambda path: path.parent.name)
def test_the_written_statements_are_those_of_the_tables(path):
    written, compiled = {}, {}
    exec(path.read_text(), written)
    exec(statements.targets()[path], compiled)
    names = [
        set(vars(found["Wording"])) if "Wording" in found else found
        for found in (written, compiled)
    ]
    assert {name for name in names[0] if name.isupper()} == {
        name for name in names[1] if name.isupper()
    }
    texts = [{k: v for k, v in found.items() if k.isupper()} for found in (written, compiled)]
    assert texts[0] == texts[1]


def test_the_newest_migration_is_the_one_the_code_expects():
    assert ScriptDirectory(str(MIGRATIONS)).get_heads() == [CURRENT]


def test_migrations_lead_to_the_tables(database):

    engine = create_engine(f"sqlite:///{database}")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()


def test_opening_a_current_database_imports_no_heavy_library(database):
    code = (
        "import sys; from pathlib import Path\n"
        "from callboard.stores.sqlite.store import SqliteEventStore\n"
        "SqliteEventStore(Path(sys.argv[1]))._close()\n"
        "sys.exit('sqlalchemy' in sys.modules or 'alembic' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code, database], check=True, timeout=50)


def test_a_python_with_an_old_sqlite_is_told_what_to_do():
    require_version((3, 33, 0))
    with pytest.raises(
        ConfigurationInvalid, match=r"3\.31\.1, and 3\.33\.0 is needed; use a Python"
    ):
        require_version((3, 31, 1))
