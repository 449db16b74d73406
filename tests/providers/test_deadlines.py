"""Bounds on waits: who is late is told so, and a cancellation stays a cancellation."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from callboard.providers.wire.deadlines import Deadline, Deadlines

pytestmark = pytest.mark.anyio

FAR_S = 3600.0


def now() -> float:
    return asyncio.get_running_loop().time()


@pytest.fixture
async def deadlines() -> AsyncIterator[Deadlines]:
    made = Deadlines(asyncio.get_running_loop())
    yield made
    assert not made.running
    made.close()


async def for_ever() -> None:
    await asyncio.get_running_loop().create_future()


async def waiting(deadline: Deadline, *, moved_to: float | None = None) -> None:
    with deadline:
        if moved_to is not None:
            deadline.move(moved_to)
        await for_ever()


async def failing(deadline: Deadline) -> None:
    with deadline:
        try:
            await for_ever()
        except asyncio.CancelledError:
            raise KeyError from None


def cancellations() -> int:
    task = asyncio.current_task()
    assert task is not None
    return task.cancelling()


async def test_a_wait_ends_when_it_is_due(deadlines):
    with pytest.raises(TimeoutError):
        await waiting(Deadline(deadlines, now()))
    assert cancellations() == 0


async def test_who_is_in_time_notices_nothing(deadlines):
    with Deadline(deadlines, now() + FAR_S):
        await asyncio.sleep(0)
    with pytest.raises(KeyError), Deadline(deadlines, now() + FAR_S):
        raise KeyError


async def test_a_deadline_may_become_earlier(deadlines):
    with pytest.raises(TimeoutError):
        await waiting(Deadline(deadlines, now() + FAR_S), moved_to=now())


async def test_a_deadline_that_became_later_is_not_missed_at_its_first_time(deadlines):
    with Deadline(deadlines, now()) as deadline:
        deadline.move(now() + FAR_S)
        with pytest.raises(TimeoutError):  # the timer goes off within
            await waiting(Deadline(deadlines, now()))
        assert deadline in deadlines.running


async def test_only_who_is_late_is_ended(deadlines):
    async def wait() -> None:
        await waiting(Deadline(deadlines, now() + FAR_S))

    patient = [asyncio.create_task(wait()) for _ in range(2)]
    with pytest.raises(TimeoutError):
        await waiting(Deadline(deadlines, now()))
    assert not any(task.done() for task in patient)
    assert len(deadlines.running) == 2
    for task in patient:
        task.cancel()
    await asyncio.gather(*patient, return_exceptions=True)


async def test_who_is_due_next_is_not_forgotten_when_the_first_is_late(deadlines):
    async def wait(at: float) -> None:
        await waiting(Deadline(deadlines, at))

    begun = now()
    waits = [asyncio.create_task(wait(begun + after_s)) for after_s in (0.02, 0.01, 0.03)]
    ends = await asyncio.gather(*waits, return_exceptions=True)
    assert [type(end) for end in ends] == [TimeoutError] * 3


async def test_a_cancellation_from_elsewhere_stays_one(deadlines):
    begun = asyncio.Event()

    async def wait() -> None:
        with Deadline(deadlines, now() + FAR_S):
            begun.set()
            await for_ever()

    task = asyncio.create_task(wait())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_cancellation_from_elsewhere_wins_over_being_late(deadlines):
    begun = asyncio.Event()

    async def wait() -> None:
        with Deadline(deadlines, now() + FAR_S) as deadline:
            begun.set()
            try:
                await for_ever()
            finally:
                assert deadline not in deadlines.running

    task = asyncio.create_task(wait())
    await begun.wait()
    (deadline,) = deadlines.running
    deadline.pass_by()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_another_failure_of_who_is_late_stays_what_it_is(deadlines):
    with pytest.raises(KeyError):
        await failing(Deadline(deadlines, now()))
    assert cancellations() == 0


async def test_deadlines_of_one_call_within_another_are_kept_apart(deadlines):
    with pytest.raises(TimeoutError), Deadline(deadlines, now()):
        await waiting(Deadline(deadlines, now() + FAR_S))
