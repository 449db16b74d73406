"""Watching for what other processes wish, while the store cannot be read."""

import asyncio
import gc

import pytest

from callboard.domain.errors import LogError
from callboard.domain.org.principal import as_owner
from callboard.ports.event_store import Signal
from callboard.testing.model import Turn
from callboard.testing.rig import ANN, BEN, rig
from callboard.testing.store.crashing import Crash
from callboard.testing.store.memory import MemoryEventStore
from callboard.usecases.start_run import StartRun, start_run
from tests.runtime.script import agent, call, says

pytestmark = pytest.mark.anyio


class NobodyAnswers:
    """A model that is asked and never answers."""

    def __init__(self):
        self.asked = asyncio.Event()

    async def complete(self, request, on_delta):
        self.asked.set()
        await asyncio.get_running_loop().create_future()
        raise AssertionError


class Unhurried:
    """Answers as another model does, when everybody else had a turn."""

    def __init__(self, inner):
        self._inner = inner

    async def complete(self, request, on_delta):
        for _ in range(5):
            await asyncio.sleep(0)
        return await self._inner.complete(request, on_delta)


class DeafStore(MemoryEventStore):
    """Fails so many times to say what people wish."""

    def __init__(self, failures, error):
        super().__init__()
        self.left = failures
        self.failed = asyncio.Event()
        self._error = error

    async def signals(self, run_ids):
        if self.left:
            self.left -= 1
            self.failed.set()
            raise self._error
        return await super().signals(run_ids)


@pytest.fixture
async def complaints(anyio_backend):
    """What the event loop has to say about failures that nobody looked at."""
    found = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: found.append(context))
    return found


async def test_a_wish_is_heard_although_the_store_could_not_be_read_for_a_while():
    model, store = NobodyAnswers(), DeafStore(5, LogError("the disk does not answer"))
    app = rig(model, agent("a"), store=store)
    driving = asyncio.ensure_future(start_run(app, as_owner(ANN), StartRun("r", "a", "/w", "go")))
    async with asyncio.timeout(60):
        await model.asked.wait()
        wish = Signal("r", "cancel", "cancel", BEN, app.ports.clock.now(), "enough")
        await store.signal(wish)
        ended = await driving
    assert store.left == 0
    assert ended.terminal is not None
    assert ended.terminal.type == "run.cancelled"


async def test_a_watch_that_breaks_for_good_ends_the_driving_and_says_why():
    store = DeafStore(1, RuntimeError("a fault of our own"))
    turns = [Turn(calls=(call("look", path="x"),)), Turn(text="ok")]
    app = rig(Unhurried(says(a=turns)), agent("a", "look"), store=store)
    with pytest.raises(RuntimeError, match="a fault of our own"):
        await start_run(app, as_owner(ANN), StartRun("r", "a", "/w", "go"))
    await app.driver.drive("r")
    row = await store.row("r")
    assert row is not None
    assert row.status == "completed"


async def test_a_process_that_dies_while_it_watches_leaves_no_failure_that_nobody_looked_at(
    complaints,
):
    store = DeafStore(1, Crash("the process is dead"))
    app = rig(NobodyAnswers(), agent("a"), store=store)
    driving = asyncio.ensure_future(start_run(app, as_owner(ANN), StartRun("r", "a", "/w", "go")))
    async with asyncio.timeout(60):
        await store.failed.wait()
    driving.cancel()
    await asyncio.gather(driving, return_exceptions=True)
    del app, driving, store  # the failure knows the watch, and the store the failure
    await asyncio.sleep(0)
    gc.collect()
    assert complaints == []
