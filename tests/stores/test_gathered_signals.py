"""Who asks for signals together is answered by one question, each with their own."""

import asyncio

import pytest

from callboard.domain.errors import StoreUnavailable
from callboard.stores.relational.gathered import GatheredSignals
from callboard.testing.store.samples import SampleLog

pytestmark = pytest.mark.anyio
SIGNALS = [SampleLog(run_id).signal(key) for run_id in ("r1", "r2") for key in ("a", "b")]


class Questions:
    """Remembers what was asked, and answers when it is told to."""

    def __init__(self, failure=None):
        self.asked = []
        self.failure = failure
        self.begun = asyncio.Semaphore(0)
        self.may_answer = asyncio.Event()

    async def ask(self, run_ids):
        self.asked.append(list(run_ids))
        self.begun.release()
        await self.may_answer.wait()
        if self.failure is not None:
            raise self.failure
        return [signal for signal in SIGNALS if signal.run_id in run_ids]


async def test_those_who_ask_at_once_are_answered_by_one_question():
    questions = Questions()
    questions.may_answer.set()
    signals = GatheredSignals(questions.ask)
    answers = await asyncio.gather(*(signals.of(ids) for ids in (["r1"], ["r2"], ["r1", "r3"])))
    assert questions.asked == [["r1", "r2", "r3"]]
    assert answers == [SIGNALS[:2], SIGNALS[2:], SIGNALS[:2]]


async def test_who_asks_while_a_question_is_under_way_asks_anew():
    questions = Questions()
    signals = GatheredSignals(questions.ask)
    first = asyncio.ensure_future(signals.of(["r1"]))
    await questions.begun.acquire()
    second = asyncio.ensure_future(signals.of(["r1"]))
    await questions.begun.acquire()
    questions.may_answer.set()
    assert [await first, await second] == [SIGNALS[:2]] * 2


async def test_everybody_learns_of_a_failure_and_the_next_question_is_asked():
    questions = Questions(StoreUnavailable("away"))
    questions.may_answer.set()
    signals = GatheredSignals(questions.ask)
    failed = await asyncio.gather(signals.of(["r1"]), signals.of(["r2"]), return_exceptions=True)
    assert [str(each) for each in failed] == ["away", "away"]
    questions.failure = None
    assert await signals.of(["r2"]) == SIGNALS[2:]


async def test_one_who_does_not_wait_any_more_takes_nothing_from_the_others():
    questions = Questions()
    signals = GatheredSignals(questions.ask)
    gone, stays = (asyncio.ensure_future(signals.of(["r1"])) for _ in range(2))
    await questions.begun.acquire()
    gone.cancel()
    questions.may_answer.set()
    assert await stays == SIGNALS[:2]
    assert gone.cancelled()
