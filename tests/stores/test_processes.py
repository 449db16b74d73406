import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from callboard.domain.errors import RunBusy
from callboard.stores.sqlite.store import SqliteEventStore
from callboard.testing.store.samples import SampleLog, broken_at

pytestmark = pytest.mark.anyio

DRIVER = Path(__file__).with_name("driver.py")
KILLED_UPGRADE = Path(__file__).with_name("killed_upgrade.py")
OPENER = "import sys; from pathlib import Path; from callboard.stores.sqlite.store import SqliteEventStore as S; S(Path(sys.argv[1]))._close()"


def start(database, run_id="r1"):
    return subprocess.Popen(
        [sys.executable, DRIVER, database, run_id], stdout=subprocess.PIPE, text=True
    )


def progress(process, lines):
    """Read so many lines; each names the last event that is durable."""
    seen = 0
    for _ in range(lines):
        seen = int(process.stdout.readline())
    return seen


def kill(process):
    process.kill()
    process.communicate(timeout=60)


async def test_a_killed_process_frees_its_runs_at_once_and_loses_nothing_recorded(tmp_path):
    database = tmp_path / "callboard.db"
    process = start(database)
    durable = progress(process, lines=25)
    store = await SqliteEventStore.open(database)
    try:
        with pytest.raises(RunBusy):
            await store.claim("r1")
        assert await store.unfinished() == []
        kill(process)
        assert await store.unfinished() == ["r1"]
        claim = await store.claim("r1")
        events = await store.read("r1")
        assert claim.epoch == 2
        assert claim.head == len(events) >= durable
        assert broken_at(events, await store.head("r1")) is None
        log = SampleLog("r1", seq=claim.head, hash=claim.head_hash)
        await store.append(log.batch(claim.epoch))
    finally:
        kill(process)
        await store.close()
    assert list((tmp_path / "owners").iterdir()) == []


async def test_a_process_killed_in_the_middle_of_a_write_leaves_whole_batches(tmp_path):
    for attempt in range(3):
        process = start(tmp_path / "callboard.db", f"r{attempt}")
        progress(process, lines=attempt + 1)
        kill(process)
    store = await SqliteEventStore.open(tmp_path / "callboard.db")
    for run_id in await store.unfinished():
        events = await store.read(run_id)
        assert len(events) % 3 == 1
        assert broken_at(events, await store.head(run_id)) is None
    assert len(await store.rows()) == 3
    await store.close()


async def test_processes_that_start_at_once_agree_on_one_schema(tmp_path):
    database = tmp_path / "home" / "callboard.db"
    openers = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", OPENER, database)
        for _ in range(3)
    ]
    async with asyncio.timeout(60):
        assert [await opener.wait() for opener in openers] == [0, 0, 0]
    store = await SqliteEventStore.open(database)
    await SampleLog("r1").created_in(store)
    await store.close()


async def test_a_process_killed_while_it_creates_the_schema_leaves_none_of_it(tmp_path):
    database = tmp_path / "callboard.db"
    killed = await asyncio.create_subprocess_exec(sys.executable, KILLED_UPGRADE, database)
    async with asyncio.timeout(60):
        assert await killed.wait() < 0
    store = await SqliteEventStore.open(database)
    await SampleLog("r1").created_in(store)
    await store.close()


async def test_two_processes_write_side_by_side(tmp_path):
    database = tmp_path / "callboard.db"
    drivers = [start(database, run_id) for run_id in ("r1", "r2")]
    for driver in drivers:
        progress(driver, lines=20)
    for driver in drivers:
        kill(driver)
    store = await SqliteEventStore.open(database)
    for run_id in ("r1", "r2"):
        assert broken_at(await store.read(run_id), await store.head(run_id)) is None
    await store.close()
