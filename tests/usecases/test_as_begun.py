"""A run of no task that somebody asks a server to go on with: as it was begun, or not at all."""

from dataclasses import replace

import pytest

from callboard.domain.errors import ConfigurationInvalid, RunBusy
from callboard.entrance.running import Running
from callboard.runtime.driver import Driver
from callboard.testing.rig import FixedRegistry
from tests.usecases.lone_runs import ROOT, WRITER, begun, dies_with, process, to_the_end

pytestmark = pytest.mark.anyio


async def finished(app):
    """Ask for it, and wait until the run has ended."""
    running = Running(app)
    async with to_the_end(app):
        await running.resume(ROOT, "r")
    await running.stop()


async def test_a_run_that_stopped_goes_on_where_somebody_asks_for_it(tmp_path):
    async with process(tmp_path / "db") as here:
        await (await begun(here)).release()
        await finished(here)


async def test_it_goes_on_with_the_definitions_of_its_directory(tmp_path):
    opened = []
    async with process(tmp_path / "db") as app:
        agent = WRITER.model_copy(update={"spawnable_agents": ("mate",)})
        await (await begun(app, agent=agent)).release()

        def elsewhere(workspace, folders):
            opened.append((workspace, folders))
            ports = replace(app.ports, registry=FixedRegistry({"mate": WRITER}))
            return replace(app, ports=ports, driver=Driver(ports))

        await finished(replace(app, elsewhere=elsewhere))
    assert opened == [("/somewhere", ())]


@pytest.mark.parametrize("lacks", ["a part", "the directory"])
async def test_it_goes_on_with_the_servers_own_where_those_of_its_directory_do_not_do(
    tmp_path, lacks
):
    async with process(tmp_path / "db") as app:
        agent = WRITER.model_copy(update={"spawnable_agents": ("writer",)})
        await (await begun(app, agent=agent)).release()

        def elsewhere(workspace, folders):
            if lacks == "the directory":
                raise ConfigurationInvalid(f"{workspace} {folders} is gone")
            ports = replace(app.ports, registry=FixedRegistry({}))
            return replace(app, ports=ports, driver=Driver(ports))

        await finished(replace(app, elsewhere=elsewhere))


async def test_folders_that_somebody_named_are_replaced_by_no_others(tmp_path):
    def elsewhere(workspace, folders):
        raise ConfigurationInvalid(f"{workspace} {folders} is gone")

    async with process(tmp_path / "db", elsewhere=elsewhere) as app:
        await (await begun(app, folders=("/agents",))).release()
        with pytest.raises(ConfigurationInvalid, match="is gone"):
            await Running(app).resume(ROOT, "r")
        assert await app.ports.store.unfinished() == ["r"]


async def test_whoever_asks_is_told_what_is_in_the_way(tmp_path):
    await dies_with(tmp_path / "db", place="theirs")
    async with process(tmp_path / "db", place="ours") as app:
        with pytest.raises(ConfigurationInvalid, match="a directory of another machine"):
            await Running(app).resume(ROOT, "r")


@pytest.mark.parametrize("brings", [True, False])
async def test_a_program_goes_on_with_what_was_begun_with_the_parts_that_it_brings(
    tmp_path, brings
):
    async with process(tmp_path / "db", brings=True) as app:
        await (await begun(app)).release()
    async with process(tmp_path / "db", brings=brings) as app:
        if brings:
            await finished(app)
        else:
            with pytest.raises(ConfigurationInvalid, match="brought agents, tools or providers"):
                await Running(app).resume(ROOT, "r")


async def test_a_run_that_goes_on_already_is_not_driven_twice(tmp_path):
    async with process(tmp_path / "db") as here, process(tmp_path / "db") as there:
        await begun(here)
        with pytest.raises(RunBusy, match="a living process drives it"):
            await Running(there).resume(ROOT, "r")
