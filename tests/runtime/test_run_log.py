"""What logs append together goes to the store together, and what cannot be stored is told to whoever waits for it."""

import asyncio
import gc

import pytest

from callboard.domain.errors import Fenced
from callboard.domain.events.model_call import ModelCallStarted
from callboard.domain.frozen import unchecked
from callboard.domain.run.fold import AGENT
from callboard.domain.run.state import RunState
from callboard.ports.event_store import Batch
from callboard.runtime.handover import Handover
from callboard.runtime.ports import Ports
from callboard.runtime.run_log import RunLog, create_run
from callboard.testing.rig import rig
from callboard.testing.store.memory import MemoryDisk, MemoryEventStore
from tests.corpus.samples import AGENT_RUN

from .script import says

pytestmark = pytest.mark.anyio


class Watched(MemoryEventStore):
    """A store that keeps the batches that reach it, and where it `refuses` tells of each in words of its own."""

    def __init__(self) -> None:
        super().__init__(MemoryDisk())
        self.batches: list[Batch] = []
        self.refuses = False
        self.answers: list[asyncio.Future[None]] = []

    def append(self, batch: Batch) -> "asyncio.Future[None]":
        self.batches.append(batch)
        if not self.refuses:
            return super().append(batch)
        self.answers.append(asyncio.get_running_loop().create_future())
        return self.answers[-1]

    def refuse(self) -> None:
        for number, answer in enumerate(self.answers, start=1):
            answer.set_exception(Fenced(f"refusal {number}"))


@pytest.fixture
def store():
    return Watched()


@pytest.fixture
def ports(store) -> Ports:
    return rig(says(), store=store).ports


def asked(turn: int) -> ModelCallStarted:
    return ModelCallStarted(turn=turn, attempt=1, model="m")


async def begun(ports: Ports, run_id: str) -> RunLog[RunState]:
    return await create_run(ports, run_id, AGENT_RUN, AGENT)


async def a_turn_of_the_loop() -> None:
    await asyncio.sleep(0)


async def test_what_is_appended_in_one_turn_of_the_loop_is_one_batch_of_each_log(store, ports):
    first, second = await begun(ports, "r1"), await begun(ports, "r2")
    first.append(asked(1))
    second.append(asked(1), asked(2))
    first.append(asked(2))
    assert store.batches == []

    await a_turn_of_the_loop()
    assert [(batch.run_id, len(batch.events)) for batch in store.batches] == [("r1", 2), ("r2", 2)]


async def test_what_has_been_handed_over_earlier_is_not_handed_over_again(store, ports):
    log = await begun(ports, "r")
    log.append(asked(1))
    await log.durable()
    log.append(asked(2))
    await a_turn_of_the_loop()
    await log.durable()
    assert [[event.seq for event in batch.events] for batch in store.batches] == [[2], [3]]


@pytest.mark.filterwarnings("ignore:Pydantic serializer")
async def test_an_event_that_cannot_be_written_is_told_and_is_not_taken_for_durable(store, ports):
    log = await begun(ports, "r")
    log.append(asked(1))
    await log.durable()
    no_number = unchecked(
        ModelCallStarted, v=1, type="model_call.started", turn=object(), attempt=1, model="m"
    )
    log.append(no_number)
    await a_turn_of_the_loop()
    with pytest.raises(ValueError, match="turn"):
        await log.durable()
    with pytest.raises(ValueError, match="turn"):
        log.append(asked(2))
    await log.release()
    assert [event.seq for event in await store.read("r")] == [1, 2]


async def test_of_several_refusals_the_first_is_told(store, ports):
    log = await begun(ports, "r")
    store.refuses = True
    for turn in range(1, 4):
        log.append(asked(turn))
        await a_turn_of_the_loop()
    store.refuse()
    await a_turn_of_the_loop()
    with pytest.raises(Fenced, match="refusal 1"):
        log.append(asked(4))
    with pytest.raises(Fenced, match="refusal 1"):
        await log.durable()


async def test_a_refusal_that_nobody_waits_for_is_no_loose_end(store, ports, caplog):
    log = await begun(ports, "r")
    store.refuses = True
    log.append(asked(1))
    await log.release()
    store.refuse()
    await a_turn_of_the_loop()
    del log
    store.answers.clear()
    gc.collect()
    assert "never retrieved" not in caplog.text


def test_a_loop_that_ended_in_the_middle_of_a_turn_keeps_no_other_from_its_work():
    handover, said = Handover(), list[str]()
    ended, other = asyncio.new_event_loop(), asyncio.new_event_loop()
    handover.after_turn(ended, lambda: said.append("never"))
    ended.close()

    async def work() -> None:
        handover.after_turn(asyncio.get_running_loop(), lambda: said.append("first"))
        handover.after_turn(asyncio.get_running_loop(), lambda: said.append("second"))
        assert said == []
        await a_turn_of_the_loop()

    other.run_until_complete(work())
    other.close()
    assert said == ["first", "second"]
