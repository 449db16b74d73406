"""Two processes and one run: one that stands still keeps it, and one that lost it writes nothing more."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from callboard.domain.errors import RunBusy
from callboard.stores.sqlite.store import SqliteEventStore
from callboard.testing.store.samples import SampleLog, broken_at

pytestmark = pytest.mark.anyio

DRIVER = Path(__file__).with_name("paced_driver.py")


@pytest.fixture
def database(tmp_path):
    return tmp_path / "callboard.db"


def goes_on(process):
    process.stdin.write("\n")
    process.stdin.flush()


@pytest.fixture
def driver(database):
    process = subprocess.Popen(
        [sys.executable, DRIVER, database, "r1"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    for _ in range(3):
        goes_on(process)
        assert process.stdout is not None
        assert process.stdout.readline()
    os.kill(process.pid, signal.SIGSTOP)
    os.waitpid(process.pid, os.WUNTRACED)
    yield process
    process.kill()
    process.communicate(timeout=60)


async def test_a_process_that_stands_still_keeps_its_run(database, driver):
    store = await SqliteEventStore.open(database)
    with pytest.raises(RunBusy):
        await store.claim("r1")
    before = len(await store.read("r1"))
    goes_on(driver)
    os.kill(driver.pid, signal.SIGCONT)
    assert int(driver.stdout.readline()) == before + 3 == len(await store.read("r1"))
    await store.close()


async def test_a_process_that_lost_its_run_while_it_stood_still_writes_nothing_more(
    database, driver
):
    """Its lock is gone, as where somebody tidied up: the number that grew with the takeover keeps it out."""
    for lock in (database.parent / "owners").iterdir():
        lock.unlink()
    store = await SqliteEventStore.open(database)
    claim = await store.claim("r1")
    assert claim.epoch == 2
    log = SampleLog("r1", seq=claim.head, hash=claim.head_hash)
    await store.append(log.batch(claim.epoch))
    ours = await store.read("r1")
    goes_on(driver)
    os.kill(driver.pid, signal.SIGCONT)
    _, err = await asyncio.to_thread(driver.communicate, timeout=60)
    assert driver.returncode == 1
    assert "Fenced" in err
    assert await store.read("r1") == ours
    assert broken_at(ours, await store.head("r1")) is None
    await store.close()
