"""What whoever operates a deployment asks is answered alike by every store."""

from datetime import datetime, timezone

import pytest

from callboard.domain.actor import Actor
from callboard.domain.errors import ConfigurationInvalid
from callboard.domain.org.task import TASKS, TaskRecord
from callboard.domain.record import Change
from callboard.ports.operations import Load
from callboard.testing.operations import MemoryOperations
from callboard.testing.store.samples import SampleLog

pytestmark = pytest.mark.anyio
ANN = Actor(kind="person", name="ann")
NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)


@pytest.fixture
def store(either_store):
    return either_store


def task(number, state):
    return TASKS.put(
        TaskRecord(
            key=f"SHOP-{number + 1}",
            space="shop",
            title="t",
            state=state,
            workflow="flow",
            repository="/r",
            created_by=ANN,
            created_at=NOW,
        )
    )


async def test_a_deployment_without_work_has_nothing_to_do(store):
    assert await store.operations.load() == Load()
    await store.operations.check()


async def test_what_there_is_to_do_is_counted(store):
    await SampleLog("r1").created_in(store, count=3)
    await SampleLog("r2").created_in(store, count=3)
    states = ["queued"] * 3 + ["under_way"] * 2 + ["done"]
    tasks = tuple(task(number, state) for number, state in enumerate(states))
    await store.records.commit(Change(ANN, "task.manage", NOW, tasks))
    found = await store.operations.load()
    assert found == await MemoryOperations(store, store.records).load()
    assert (sum(found.runs.values()), found.queued, found.under_way) == (2, 3, 2)


async def test_a_database_that_is_too_new_for_this_code_is_said_to_be_so(store):
    async def written(work):
        await store._writer.submit(work)

    await written(lambda session: session.execute("UPDATE compatible SET oldest = '9999'"))
    with pytest.raises(ConfigurationInvalid, match="schema 9999"):
        await store.operations.check()
