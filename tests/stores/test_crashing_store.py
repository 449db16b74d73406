import asyncio

import pytest

from callboard.testing.store.crashing import Crash, CrashingStore
from callboard.testing.store.memory import MemoryDisk, MemoryEventStore
from callboard.testing.store.samples import SampleLog

pytestmark = pytest.mark.anyio


async def write(store, log):
    claim = await log.created_in(store)
    await store.append(log.batch(claim.epoch))
    await store.append(log.batch(claim.epoch))


async def test_counts_writes_and_never_crashes_unasked():
    store = CrashingStore(MemoryEventStore())
    await write(store, SampleLog("r1"))
    assert (store.writes, store.crashed) == (3, False)


@pytest.mark.parametrize(("when", "left"), [("before", 2), ("after", 3)])
async def test_dies_around_the_write_it_was_told_to(when, left):
    disk = MemoryDisk()
    store = CrashingStore(MemoryEventStore(disk), at=3, when=when)
    with pytest.raises(Crash):
        await write(store, SampleLog("r1"))
    await store.inner.close()
    assert len(await MemoryEventStore(disk).read("r1")) == left


@pytest.mark.parametrize(("when", "runs"), [("before", 0), ("after", 1)])
async def test_dies_around_a_creation(when, runs):
    store = CrashingStore(MemoryEventStore(), at=1, when=when)
    with pytest.raises(Crash):
        await SampleLog("r1").created_in(store)
    assert len(await store.inner.rows()) == runs


async def test_a_dead_process_does_nothing_more():
    store, log = CrashingStore(MemoryEventStore(), at=2), SampleLog("r1")
    claim = await log.created_in(store)
    with pytest.raises(Crash):
        store.append(log.batch(claim.epoch))
    for wish in (store.release(claim), store.read("r1"), store.signals(["r1"]), store.rows()):
        with pytest.raises(Crash):
            await wish


async def test_nobody_learns_that_the_last_write_was_durable():
    store, log = CrashingStore(MemoryEventStore(), at=2, when="after"), SampleLog("r1")
    claim = await log.created_in(store)
    future = store.append(log.batch(claim.epoch))
    await asyncio.wait([future])
    assert isinstance(future.exception(), Crash)
