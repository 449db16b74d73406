"""Whoever finds no room waits for it in line; of many that wait only the first one looks."""

import asyncio
from dataclasses import dataclass, field

import pytest

from callboard.domain.errors import NoRoom
from callboard.engine.pacing import Ask, Full, Limit
from callboard.runtime.slots import Slots
from callboard.runtime.system import SystemClock
from callboard.testing.clock import PatientClock
from callboard.testing.limiter import MemoryLimiter

pytestmark = pytest.mark.anyio
ONE = (Ask("provider:p", 1),)


@dataclass
class CountingLimiter(MemoryLimiter):
    """Counts who asked, and says whom it let in."""

    asked: list[str] = field(default_factory=list)
    let_in: list[str] = field(default_factory=list)

    async def take(self, holder, asks):
        self.asked.append(holder)
        full = await super().take(holder, asks)
        if full is None:
            self.let_in.append(holder)
        return full


async def test_what_is_held_is_free_again_after_the_block_however_it_ends():
    limiter = MemoryLimiter()
    slots = Slots(limiter, PatientClock())

    async def work():
        async with slots.held("a", ONE):
            assert await slots.take("b", ONE) == Full("provider:p", 1, 1)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await work()
    assert await slots.take("b", ONE) is None


async def test_without_a_limit_nobody_is_asked():
    limiter = CountingLimiter()
    async with Slots(limiter, PatientClock()).held("a", ()):
        assert limiter.asked == []


async def test_those_that_wait_are_let_in_one_after_the_other_as_they_came():
    limiter = CountingLimiter()
    slots = Slots(limiter, SystemClock())
    done = asyncio.Event()

    async def work(name):
        async with slots.held(name, ONE):
            await done.wait() if name == "0" else await asyncio.sleep(0)

    waiting = [asyncio.create_task(work(str(n))) for n in range(20)]
    for _ in range(10):
        await asyncio.sleep(0)
    assert limiter.let_in == ["0"]
    done.set()
    await asyncio.gather(*waiting)
    assert limiter.let_in == [str(n) for n in range(20)]


async def test_of_a_thousand_that_wait_only_the_first_one_looks():
    limiter = CountingLimiter()
    slots = Slots(limiter, PatientClock())
    await limiter.take("other process", ONE)

    async def work(number):
        async with slots.held(f"w{number}", ONE):
            pass

    waiting = [asyncio.create_task(work(number)) for number in range(1000)]
    for _ in range(50):
        await asyncio.sleep(0)
    assert set(limiter.asked) == {"other process", "w0"}
    await limiter.give_back("other process")
    await asyncio.gather(*waiting)
    assert len(limiter.let_in) == 1001


async def test_whoever_has_no_more_patience_is_told_what_is_full():
    limiter = MemoryLimiter()
    slots = Slots(limiter, PatientClock())
    await limiter.take("other", ONE)

    async def work():
        async with slots.held("a", ONE, patience_s=2):
            pytest.fail("there was no room")

    with pytest.raises(NoRoom, match=r"provider:p is full: 1 of 1"):
        await work()
    await limiter.give_back("other")
    async with slots.held("b", ONE, patience_s=2):
        assert limiter.held["provider:p"] == {"b"}


async def test_whoever_stands_behind_others_loses_patience_too():
    limiter = MemoryLimiter()
    slots = Slots(limiter, PatientClock())
    await limiter.take("other", ONE)

    async def work(name, patience):
        async with slots.held(name, ONE, patience_s=patience):
            pass

    first = asyncio.create_task(work("first", None))
    await asyncio.sleep(0)
    with pytest.raises(NoRoom):
        await work("second", 1)
    await limiter.give_back("other")
    await first


async def test_whoever_is_interrupted_while_waiting_leaves_the_line_to_the_next():
    limiter = MemoryLimiter()
    slots = Slots(limiter, PatientClock())
    await limiter.take("other", ONE)

    async def work(name):
        async with slots.held(name, ONE):
            pass

    first, second = asyncio.create_task(work("first")), asyncio.create_task(work("second"))
    for _ in range(5):
        await asyncio.sleep(0)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    await limiter.give_back("other")
    await second
    assert limiter.held["provider:p"] == set()


async def test_whoever_needs_two_names_waits_for_each():
    limiter = MemoryLimiter()
    slots = Slots(limiter, PatientClock())
    both = (Ask("provider:p", 1), Ask("model:m", 1))
    await limiter.take("one", (Ask("provider:p", 1),))
    await limiter.take("two", (Ask("model:m", 1),))
    got = asyncio.Event()

    async def work():
        async with slots.held("w", both):
            got.set()

    task = asyncio.create_task(work())
    for _ in range(20):
        await asyncio.sleep(0)
    await slots.give_back("one", both)
    for _ in range(20):
        await asyncio.sleep(0)
    assert not got.is_set()
    assert "w" not in limiter.held["provider:p"]
    await slots.give_back("two", both)
    await task
    assert got.is_set()


async def test_a_minute_that_is_used_up_lets_the_next_in_by_the_clock():
    clock = PatientClock()
    limiter = MemoryLimiter(clock)
    await limiter.set_limit(Limit("provider:p", per_minute=6, burst=1))
    slots = Slots(limiter, clock)
    began = clock.monotonic()
    for n in range(4):
        async with slots.held(f"h{n}", (Ask("provider:p"),)):
            pass
    assert 30 <= clock.monotonic() - began < 50
