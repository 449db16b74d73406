import asyncio

import pytest

from callboard.domain.submission import Submission
from callboard.runtime.system import SystemClock
from callboard.stores.dispatch.embedded import EmbeddedDispatcher
from callboard.testing.dispatch import Advances, DispatcherContract

pytestmark = pytest.mark.anyio


@pytest.fixture
async def dispatcher(anyio_backend):
    dispatcher = EmbeddedDispatcher(SystemClock())
    yield dispatcher
    await dispatcher.close()


class TestEmbeddedDispatcher(DispatcherContract):
    pass


async def test_what_is_submitted_while_a_run_advances_leads_to_one_more_call(dispatcher):
    advances = Advances()
    await dispatcher.start(advances, advances.look, 2)
    await dispatcher.submit(Submission("a"))
    await advances.called(1)
    for _ in range(5):
        await dispatcher.submit(Submission("a"))
    advances.free.set()
    await advances.called(2)
    await dispatcher.stop(20)
    assert advances.calls == ["a", "a"]


async def test_a_failure_is_logged_with_its_run(dispatcher, caplog):
    ended = asyncio.Event()

    async def advance(_run_id):
        ended.set()
        raise RuntimeError("boom")

    await dispatcher.start(advance, Advances().look, 2)
    await dispatcher.submit(Submission("r1"))
    await ended.wait()
    await dispatcher.stop(20)
    assert "r1" in caplog.text


async def test_several_knocks_during_a_look_lead_to_one_more(dispatcher):
    advances, go_on = Advances(), asyncio.Event()

    async def look():
        await advances.look()
        await go_on.wait()

    await dispatcher.start(advances, look, 2)
    for _ in range(5):
        await dispatcher.knock()
        await asyncio.sleep(0)
    go_on.set()
    await advances.until(lambda: advances.looks == 2)
    await dispatcher.stop(20)
    assert advances.looks == 2


async def test_a_look_that_fails_is_not_the_last_one(dispatcher, caplog):
    looks = []

    async def look():
        looks.append(1)
        raise RuntimeError("no database")

    await dispatcher.start(Advances(), look, 2)
    async with asyncio.timeout(60):
        while len(looks) < 3:
            await dispatcher.knock()
            await asyncio.sleep(0)
    await dispatcher.stop(20)
    assert "look" in caplog.text


async def test_hints_where_nobody_dispatches_are_lost(dispatcher):
    advances = Advances(free=True)
    await dispatcher.submit(Submission("lost"))
    await dispatcher.knock()
    await dispatcher.start(advances, advances.look, 1)
    await dispatcher.submit(Submission("a"))
    await advances.called(1)
    assert (advances.calls, advances.looks) == (["a"], 0)
