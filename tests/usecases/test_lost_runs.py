"""Runs of no task: a worker goes on with those whose process died, where that can be done as they were begun."""

import asyncio
import logging
from dataclasses import replace

import pytest

from callboard.domain.errors import ConfigurationInvalid
from callboard.domain.org.run_origin import RUN_ORIGINS
from callboard.entrance.running import Running
from callboard.runtime.driver import Driver
from callboard.testing.model import ScriptedProvider
from callboard.usecases.run_origins import hand_on
from callboard.usecases.start_run import start_run
from callboard.usecases.verify_run import verify_run
from callboard.usecases.worker import Worker
from tests.usecases.lone_runs import ROOT, WRITER, begun, dies_with, process, script, wish

pytestmark = pytest.mark.anyio


async def after_a_look(app, looks=1):
    """Return how the run stands when a worker has done what it found, now and each time after an hour."""
    worker = Worker(app)
    for _ in range(looks):
        await worker.idle()
        await app.ports.clock.sleep(3600)
    row = await app.ports.store.row("r")
    assert row is not None
    return row.status


async def test_a_run_whose_process_died_is_finished_by_a_worker(tmp_path):
    await dies_with(tmp_path / "db")
    async with process(tmp_path / "db") as app:
        assert await after_a_look(app) == "completed"
        assert (await verify_run(app, ROOT, "r")).problems == ()


async def test_a_run_that_a_living_process_drives_is_left_to_it(tmp_path):
    async with process(tmp_path / "db") as here, process(tmp_path / "db") as there:
        await begun(here)
        assert await after_a_look(there) == "running"


async def test_a_run_that_its_process_let_go_of_is_left_to_whoever_resumes_it(tmp_path):
    async with process(tmp_path / "db") as here:
        await (await begun(here)).release()
    async with process(tmp_path / "db") as app:
        assert await after_a_look(app) == "running"


async def test_a_run_that_a_server_handed_on_is_finished_by_a_worker(tmp_path):
    async with process(tmp_path / "db") as here:
        await (await begun(here)).release()
        await hand_on(here, "r")
    async with process(tmp_path / "db") as app:
        assert await after_a_look(app) == "completed"
        assert await app.records.find(RUN_ORIGINS) == []


async def test_what_a_server_drives_when_it_ends_is_finished_by_a_worker(tmp_path):
    held = asyncio.Event()

    async def for_ever(_seconds):
        held.set()
        await asyncio.Event().wait()

    model = ScriptedProvider({"writer": script(delay_s=1)}, sleep=for_ever)
    async with process(tmp_path / "db", model) as here:
        running = Running(here)
        await running.start(ROOT, wish())
        await asyncio.wait_for(held.wait(), 60)
        await running.stop()
    async with process(tmp_path / "db") as app:
        assert await after_a_look(app) == "completed"


@pytest.mark.parametrize(("begun_at", "stands"), [("ours", "completed"), ("theirs", "running")])
async def test_a_run_in_a_directory_goes_on_at_its_own_place_only(
    tmp_path, caplog, begun_at, stands
):
    caplog.set_level(logging.WARNING)
    await dies_with(tmp_path / "db", place=begun_at)
    async with process(tmp_path / "db", place="ours") as app:
        assert await after_a_look(app, looks=3) == stands
    said = [one.getMessage() for one in caplog.records]
    assert len(said) == (stands == "running"), "it is said once"
    assert all("/somewhere" in one and "callboard runs resume r" in one for one in said)


async def test_a_run_in_a_private_copy_goes_on_anywhere(tmp_path):
    await dies_with(tmp_path / "db", workspace="/copies/r", place="theirs")
    async with process(tmp_path / "db", place="ours") as app:
        assert await after_a_look(app) == "completed"


async def test_a_run_of_a_program_that_brought_its_own_parts_is_left_to_that_program(
    tmp_path, caplog
):
    await dies_with(tmp_path / "db", brings=True)
    async with process(tmp_path / "db") as app:
        assert await after_a_look(app) == "running"
    assert "brought agents, tools or providers" in caplog.text


@pytest.mark.parametrize(
    ("field", "name"), [("tool_names", "teleport"), ("spawnable_agents", "stranger")]
)
async def test_a_run_that_needs_what_is_not_known_here_is_left_alone(tmp_path, caplog, field, name):
    agent = WRITER.model_copy(update={field: (name,)})
    await dies_with(tmp_path / "db", agent=agent)
    async with process(tmp_path / "db") as app:
        assert await after_a_look(app) == "running"
    assert name in caplog.text


async def test_a_run_goes_on_with_the_definitions_that_it_was_begun_with(tmp_path):
    opened = []
    async with process(tmp_path / "db") as app:
        log = await begun(app, folders=("/agents",))
        await app.ports.store.close()
        assert log.epoch == 1
    async with process(tmp_path / "db") as app:

        def elsewhere(workspace, folders):
            opened.append((workspace, folders))
            return replace(app, driver=Driver(app.ports))

        assert await after_a_look(replace(app, elsewhere=elsewhere)) == "completed"
    assert opened == [("/somewhere", ("/agents",))]


async def test_a_directory_that_is_gone_is_said_once_and_left(tmp_path, caplog):
    def elsewhere(workspace, folders):
        raise ConfigurationInvalid(f"{workspace} {folders} is gone")

    await dies_with(tmp_path / "db")
    async with process(tmp_path / "db", elsewhere=elsewhere) as app:
        assert await after_a_look(app, looks=3) == "running"
    assert caplog.text.count("is gone") == 1


async def test_of_two_workers_one_goes_on_with_it(tmp_path):
    await dies_with(tmp_path / "db")
    async with process(tmp_path / "db") as here, process(tmp_path / "db") as there:
        await asyncio.gather(Worker(here).idle(), Worker(there).idle())
        await asyncio.gather(Worker(here).idle(), Worker(there).idle())
        assert await after_a_look(here) == "completed"
        log = await here.ports.store.read("r")
        assert sum(b'"run.resumed"' in event.body for event in log) == 1


async def test_nothing_is_noted_of_a_run_that_has_ended(tmp_path):
    async with process(tmp_path / "db", place="ours") as app:
        ended = await start_run(app, ROOT, wish())
        assert ended.terminal is not None
        assert await app.records.find(RUN_ORIGINS) == []
