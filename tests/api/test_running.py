"""Who goes on with a run that was decided about over HTTP."""

import asyncio
import contextlib
from dataclasses import replace

import pytest

from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.usage import Bill, Usage
from callboard.entrance.running import Running
from callboard.runtime.children import Ended
from callboard.testing.model import Script, ScriptedProvider
from callboard.testing.rig import rig
from tests.api.conftest import AtWork
from tests.usecases.lone_runs import begun

pytestmark = pytest.mark.anyio
TALKER = AgentDefinition(id="talker", display_name="Talker", model="scripted/talker")


class Drives:
    """A driver that notes what it is asked for."""

    def __init__(self):
        self.asked = asyncio.Event()

    async def drive(self, run_id):
        assert run_id == "r"
        self.asked.set()
        return Ended(None, Bill(), Usage())


async def decided(worker, workspace="/work", within_s=60.0, **fields):
    """Decide about a run; return whether it is driven here, within a time."""
    drives = Drives()
    app = rig(ScriptedProvider({"talker": Script()}), TALKER)
    await (await begun(app, agent=TALKER, workspace=workspace)).release()
    row = await app.ports.store.row("r")
    assert row is not None
    running = Running(replace(app, driver=drives), worker)
    await running.decided(replace(row, **fields))
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(drives.asked.wait(), within_s)
    await running.stop()
    await app.close()
    return drives.asked.is_set()


async def test_a_server_without_a_worker_leaves_the_run_of_a_task_to_those_there_are():
    assert not await decided(None, task="SHOP-1", within_s=0)


async def test_the_run_of_a_task_goes_on_at_once_where_a_worker_is():
    worker = AtWork()
    assert await decided(worker, task="SHOP-1")
    assert worker.woken == 1


async def test_a_run_of_no_task_goes_on_where_it_was_decided_about():
    assert await decided(AtWork(), workspace="/copies/r")


async def test_a_server_without_a_worker_drives_what_only_it_may_be_able_to():
    assert await decided(None, workspace="/somebody's own")
