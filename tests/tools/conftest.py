import sys

import pytest

from callboard.ports.tool_services import NO_SERVICES
from callboard.ports.tools import ToolContext
from callboard.sandbox.workspaces import open_workspaces
from callboard.tools.catalog import built_in_tools


@pytest.fixture
def root(tmp_path):
    place = tmp_path / "place" / "project"
    place.mkdir(parents=True)
    return place


@pytest.fixture
async def workspace(tmp_path, root, anyio_backend):
    workspaces = open_workspaces(
        tmp_path / "state", read_only=(sys.prefix, sys.base_prefix), kinds=("landlock",)
    )
    opened = await workspaces.open(str(root))
    yield opened
    await opened.close()


@pytest.fixture
def call(workspace):
    """Calls a tool as the runtime does; returns its one JSON value, and whether it is a failure."""

    async def called(name, arguments, *, services=NO_SERVICES, messages=()):
        tool = built_in_tools(services).get(name)
        assert tool is not None
        context = ToolContext("run", "call", workspace, messages)
        outcome = await tool.run(tool.normalise(arguments), context)
        [output] = outcome.output
        assert output.type == "json"
        return output.value, outcome.is_error

    return called
