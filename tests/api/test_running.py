"""Who goes on with a run that was decided about over HTTP."""

import asyncio
from dataclasses import replace

import pytest

from callboard.domain.usage import Bill, Usage
from callboard.entrance.running import Running
from callboard.runtime.children import Ended
from callboard.testing.model import ScriptedProvider
from callboard.testing.rig import rig
from callboard.testing.store.samples import SampleLog
from tests.api.conftest import AtWork

pytestmark = pytest.mark.anyio


class Drives:
    """A driver that notes what it is asked for."""

    def __init__(self):
        self.asked = []

    async def drive(self, run_id):
        self.asked.append(run_id)
        return Ended(None, Bill(), Usage())


async def decided(worker, **fields):
    """Decide about a run; return what is driven here."""
    drives = Drives()
    app = rig(ScriptedProvider({}))
    running = Running(replace(app, driver=drives), worker)
    await running.decided(replace(SampleLog("r").row(), **fields))
    await asyncio.sleep(0)  # what it began has its turn
    await running.stop()
    await app.close()
    return drives.asked


async def test_a_server_without_a_worker_leaves_the_run_of_a_task_to_those_there_are():
    assert await decided(None, task="SHOP-1") == []


async def test_the_run_of_a_task_goes_on_at_once_where_a_worker_is():
    worker = AtWork()
    assert await decided(worker, task="SHOP-1") == ["r"]
    assert worker.woken == 1


async def test_a_run_of_no_task_goes_on_where_it_was_decided_about():
    assert await decided(AtWork(), task=None, workspace="/copies/r") == ["r"]


async def test_a_server_without_a_worker_drives_what_only_it_may_be_able_to():
    assert await decided(None, task=None, workspace="/somebody's own") == ["r"]
