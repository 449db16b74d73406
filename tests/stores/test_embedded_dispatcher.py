import asyncio

import pytest

from callboard.domain.errors import LogError
from callboard.stores.dispatch.embedded import EmbeddedDispatcher

pytestmark = pytest.mark.anyio


class Runs:
    """Runs that begin when they are advanced and end when the test says so."""

    def __init__(self):
        self.begun = asyncio.Queue()
        self.running = []
        self.most = 0
        self.cancelled = []
        self.ends = {}

    async def advance(self, run_id):
        self.running.append(run_id)
        self.most = max(self.most, len(self.running))
        self.ends[run_id] = asyncio.get_running_loop().create_future()
        self.begun.put_nowait(run_id)
        try:
            await self.ends[run_id]
        except asyncio.CancelledError:
            self.cancelled.append(run_id)
            raise
        finally:
            self.running.remove(run_id)

    async def next(self):
        async with asyncio.timeout(5):
            return await self.begun.get()

    def end(self, run_id, error=None):
        if error:
            self.ends[run_id].set_exception(error)
        else:
            self.ends[run_id].set_result(None)


async def nothing():
    return []


@pytest.fixture
async def runs(anyio_backend):
    return Runs()


@pytest.fixture
async def dispatcher(runs, anyio_backend):
    dispatcher = EmbeddedDispatcher(concurrency=2)
    await dispatcher.start(runs.advance, nothing)
    yield dispatcher
    await dispatcher.stop(0)


async def test_unfinished_runs_are_taken_up_at_the_start(runs):
    async def unfinished():
        return ["r1", "r2"]

    dispatcher = EmbeddedDispatcher()
    await dispatcher.start(runs.advance, unfinished)
    assert [await runs.next(), await runs.next()] == ["r1", "r2"]
    await dispatcher.stop(0)


async def test_a_run_is_advanced_once_at_a_time(dispatcher, runs):
    await dispatcher.submit("r1")
    await runs.next()
    for _ in range(5):
        await dispatcher.submit("r1")
    assert runs.running == ["r1"]
    runs.end("r1")
    assert await runs.next() == "r1"
    runs.end("r1")
    await dispatcher.stop(5)
    assert runs.begun.empty()
    assert runs.most == 1


async def test_no_more_runs_at_once_than_allowed(dispatcher, runs):
    for n in range(5):
        await dispatcher.submit(f"r{n}")
    order = []
    for _ in range(5):
        order.append(await runs.next())
        runs.end(order[-1])
    assert order == [f"r{n}" for n in range(5)]
    assert runs.most <= 2


async def test_a_run_that_fails_stops_no_other(dispatcher, runs, caplog):
    await dispatcher.submit("r1")
    runs.end(await runs.next(), RuntimeError("boom"))
    await dispatcher.submit("r2")
    assert await runs.next() == "r2"
    assert "r1" in caplog.text


async def test_stopping_waits_for_what_runs(dispatcher, runs):
    await dispatcher.submit("r1")
    await runs.next()
    stopping = asyncio.create_task(dispatcher.stop(20))
    runs.end("r1")
    await stopping
    assert runs.running == runs.cancelled == []


async def test_what_does_not_end_in_time_is_cancelled(dispatcher, runs):
    for n in range(3):
        await dispatcher.submit(f"r{n}")
    await runs.next()
    await runs.next()
    await dispatcher.stop(0)
    assert sorted(runs.cancelled) == ["r0", "r1"]
    assert runs.begun.empty()


async def test_a_stopped_dispatcher_accepts_nothing(dispatcher):
    await dispatcher.stop(0)
    with pytest.raises(LogError):
        await dispatcher.submit("r1")
