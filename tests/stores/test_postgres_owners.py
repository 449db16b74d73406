"""Several processes on one PostgreSQL: leases by the server's clock, and what becomes of those that lost theirs."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from callboard.domain.errors import Fenced, RunBusy
from callboard.domain.usage import usd
from callboard.engine.budgets import Granted, Wanted
from callboard.ports.budgets import Account
from callboard.stores.postgres.store import PostgresEventStore
from callboard.testing.store.samples import SampleLog, broken_at
from tests.stores.by_hand import by_hand

pytestmark = pytest.mark.anyio
DRIVER = Path(__file__).with_name("postgres_driver.py")
FOR_EVER_S = 3_600.0


@pytest.fixture
async def open_store(postgres_database, tmp_path, anyio_backend):
    """Open a store of a process on a machine of its own."""
    opened = []

    async def another(home="home"):
        store = await PostgresEventStore.open(
            postgres_database, tmp_path / home, lease_s=FOR_EVER_S
        )
        opened.append(store)
        return store

    yield another
    for store in opened:
        await store.close()


def lapse(url, store):
    """Let a lease run out, as it does when its process is not heard of for so long."""
    changed = by_hand(
        url,
        "UPDATE owner SET until = clock_timestamp() - interval '1 second' WHERE name = %(name)s",
        name=store._owners.name,
    )
    assert changed.rowcount == 1


async def test_a_process_elsewhere_keeps_its_run_as_long_as_its_lease_runs(open_store):
    here, elsewhere = await open_store("a"), await open_store("b")
    await SampleLog("r1").created_in(here)
    with pytest.raises(RunBusy):
        await elsewhere.claim("r1")
    assert await elsewhere.unfinished() == []


async def test_whoever_lost_the_lease_loses_the_run_and_writes_nothing_more(
    open_store, postgres_database
):
    frozen, other = await open_store("a"), await open_store("b")
    log = SampleLog("r1")
    claim = await log.created_in(frozen)
    lapse(postgres_database, frozen)
    assert await other.unfinished() == ["r1"]
    taken = await other.claim("r1")
    with pytest.raises(Fenced):
        await frozen.append(log.batch(claim.epoch, 3))
    after = SampleLog("r1", seq=taken.head, hash=taken.head_hash)
    await other.append(after.batch(taken.epoch))
    assert taken.epoch == claim.epoch + 1
    assert broken_at(await other.read("r1"), await other.head("r1")) is None


async def test_a_lapsed_lease_alone_takes_nothing_from_whoever_wakes_before_others_come(
    open_store, postgres_database
):
    store, log = await open_store(), SampleLog("r1")
    claim = await log.created_in(store)
    lapse(postgres_database, store)
    await store.append(log.batch(claim.epoch, 2))
    assert len(await store.read("r1")) == 3


async def test_a_process_of_the_same_home_that_was_killed_is_taken_over_at_once(
    open_store, postgres_database, tmp_path
):
    process = subprocess.Popen(  # noqa: ASYNC220 - it writes beside us
        [sys.executable, DRIVER, postgres_database, tmp_path / "home", "r1"],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline()
    store = await open_store("home")
    with pytest.raises(RunBusy):
        await store.claim("r1")
    process.kill()
    process.communicate(timeout=60)
    claim = await store.claim("r1")
    assert claim.epoch == 2
    assert broken_at(await store.read("r1"), await store.head("r1")) is None


async def test_a_store_that_closes_gives_its_lease_up(open_store, postgres_database):
    here, elsewhere = await open_store("a"), await open_store("b")
    await SampleLog("r1").created_in(here)
    await here.close()
    assert (await elsewhere.claim("r1")).epoch == 2
    assert by_hand(postgres_database, "SELECT name FROM owner").rowcount == 1


async def test_money_that_a_lost_process_had_reserved_counts_as_spent(
    open_store, postgres_database
):
    lost, other = await open_store("a"), await open_store("b")
    path, wanted = [Account("run:r1", usd("1"))], Wanted(usd("0.7"), usd("0.7"))
    assert await lost.budgets.reserve("k1", path, wanted) == Granted(usd("0.7"))
    lapse(postgres_database, lost)
    said = await other.budgets.reserve("k2", path, wanted)
    assert not isinstance(said, Granted)
    (standing,) = await other.budgets.standings()
    assert (standing.spent_usd, standing.reserved_usd) == (usd("0.7"), usd("0"))


async def test_whoever_listens_is_called_when_another_process_writes(open_store):
    here, elsewhere = await open_store("a"), await open_store("b")
    loop, stirred = asyncio.get_running_loop(), asyncio.Event()
    stop = here.threads.listen(lambda: loop.call_soon_threadsafe(stirred.set))
    for number in range(2):
        stirred.clear()
        await SampleLog(f"r{number}").created_in(elsewhere)
        async with asyncio.timeout(60):
            await stirred.wait()
    stop()


async def test_a_wish_of_another_process_is_heard(open_store):
    here, elsewhere = await open_store("a"), await open_store("b")
    log = SampleLog("r1")
    await log.created_in(here)
    assert await here.signals(["r1"]) == []
    await elsewhere.signal(log.signal())
    assert await elsewhere.signals(["r1"]) == [log.signal()]
    assert await here.signals(["r1"]) == [log.signal()]
