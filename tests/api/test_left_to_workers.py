"""A server without a worker: what is asked of it is in the log, and is done wherever a worker is."""

from contextlib import asynccontextmanager

import pytest

from callboard.domain.org.run_origin import RUN_ORIGINS
from callboard.stores.sqlite.store import SqliteEventStore
from callboard.testing.model import ScriptedProvider
from callboard.usecases.worker import Worker
from tests.api.conftest import HOME, new_app, opened, scripts, settle

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def process(path, provider):
    """An app on a database, as a process of its own would have it."""
    store = await SqliteEventStore.open(path)
    app = new_app(provider, store=store, records=store.records)
    try:
        yield app
    finally:
        await app.close()


@pytest.fixture
async def office(tmp_path):
    """A server where no model can be asked, a worker elsewhere, and what maintainers see of it."""
    async with (
        process(tmp_path / "db", ScriptedProvider({})) as here,
        process(tmp_path / "db", ScriptedProvider(scripts())) as there,
    ):
        await settle(here)
        async with opened(here, worker=None) as board:
            yield await board.as_("mia"), there


async def status(asking, run_id):
    return (await asking("GET", f"/runs/{run_id}")).json()["status"]


async def started(asking, agent="talker"):
    wish = {"agent": agent, "prompt": "Go.", "space": HOME, "run_id": "r"}
    answer = await asking("POST", "/runs", wish)
    assert (answer.status_code, answer.json()["status"]) == (202, "running")


async def test_a_run_that_is_started_there_is_driven_by_a_worker(office):
    mia, elsewhere = office
    await started(mia)
    await Worker(elsewhere).idle()
    assert await status(mia, "r") == "completed"
    assert (await mia("GET", "/runs/r/verify")).json()["ok"] is True
    assert await elsewhere.records.find(RUN_ORIGINS) == []


async def test_a_decision_that_is_made_there_is_followed_by_a_worker(office):
    mia, elsewhere = office
    await started(mia, "asker")
    await Worker(elsewhere).idle()
    digest = (await mia("GET", "/gates/r")).json()["digest"]
    decision = {"digest": digest, "verdict": "approve"}
    answer = await mia("POST", "/gates/r/decision", decision)
    assert (answer.status_code, await status(mia, "r")) == (202, "running")
    await Worker(elsewhere).idle()
    assert await status(mia, "r") == "completed"


async def test_a_fork_that_is_resumed_there_is_driven_by_a_worker(office):
    mia, elsewhere = office
    await started(mia)
    await Worker(elsewhere).idle()
    assert (await mia("POST", "/runs/r/fork", {"at": 2, "run_id": "f"})).status_code == 201
    await Worker(elsewhere).idle()
    assert await status(mia, "f") == "running", "nobody asked for it yet"
    assert (await mia("POST", "/runs/f/resume")).status_code == 202
    await Worker(elsewhere).idle()
    assert await status(mia, "f") == "completed"


async def test_a_run_that_no_worker_took_up_yet_can_be_cancelled_there(office):
    mia, elsewhere = office
    await started(mia)
    ended = await mia("POST", "/runs/r/cancel", {"reason": "enough"})
    assert ended.json()["status"] == "cancelled"
    await Worker(elsewhere).idle()
    assert await elsewhere.records.find(RUN_ORIGINS) == []


async def test_an_id_that_is_taken_is_refused_and_its_run_goes_on(office):
    mia, elsewhere = office
    await started(mia)
    again = {"agent": "talker", "space": HOME, "run_id": "r"}
    assert (await mia("POST", "/runs", again)).status_code == 422
    await Worker(elsewhere).idle()
    assert await status(mia, "r") == "completed"
