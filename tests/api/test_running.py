"""Who goes on with a run that was decided about over HTTP."""

from dataclasses import replace

import pytest

from callboard.entrance.running import Running
from callboard.testing.model import ScriptedProvider
from callboard.testing.rig import rig
from callboard.testing.store.samples import SampleLog

pytestmark = pytest.mark.anyio


class Drives:
    """A driver that notes what it is asked for."""

    def __init__(self):
        self.asked = []

    def drive(self, run_id):
        self.asked.append(run_id)
        return self._driven()

    async def _driven(self):
        pass


class Woken:
    """A worker that notes how often it is woken."""

    is_at_work = True
    woken = 0

    async def start(self):
        pass

    def wake(self):
        self.woken += 1

    async def stop(self, grace_s=10.0):
        pass


async def decided(worker, **fields):
    """Decide about a run; return what is driven here."""
    drives = Drives()
    app = rig(ScriptedProvider({}))
    running = Running(replace(app, driver=drives), worker)
    running.decided(replace(SampleLog("r").row(), **fields))
    await running.stop()
    await app.close()
    return drives.asked


async def test_a_server_without_a_worker_leaves_the_run_of_a_task_to_those_there_are():
    assert await decided(None, task="SHOP-1") == []


async def test_the_run_of_a_task_goes_on_at_once_where_a_worker_is():
    worker = Woken()
    assert await decided(worker, task="SHOP-1") == ["r"]
    assert worker.woken == 1


async def test_a_run_of_no_task_goes_on_where_it_was_decided_about():
    assert await decided(None, task=None) == ["r"]
