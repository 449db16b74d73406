"""PostgreSQL on a disk that is full: what was recorded stays, and work goes on when there is room again."""

import hashlib
import time

import pytest

from tests.cli.shell import TIMEOUT_S, call, calls, say
from tests.cli.test_worker import office, set_up, state, until_done

from .disk import can_mount
from .postgres_disk import ServerOnADisk

__all__ = ["office"]
pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(not can_mount(), reason="no disk can be mounted here"),
]

LARGE = "".join(hashlib.sha256(str(n).encode()).hexdigest() for n in range(60_000))
"""More than what is left on the disk, and nothing that the server could make small."""


@pytest.fixture
def server():
    begun = ServerOnADisk.begin()
    yield begun
    begun.remove()


@pytest.fixture
def env(server):
    return {"CALLBOARD_DATABASE_URL": server.make_database()}


def test_a_run_says_that_there_is_no_room_and_goes_on_when_there_is(shell, model, server, env):
    shell.agent(toolNames=["list_directory", "end_turn"])
    assert shell("runs", "list", **env).code == 0  # the tables are there
    server.leave_free(1_000)
    look = calls(call("list_directory", path="."), cost_usd="0.5")
    model.will(look, say(LARGE, cost_usd="0.25"))
    stopped = shell("run", "helper", "--json", "--run-id", "r", **env)
    assert stopped.code == 2
    assert "there is no room" in stopped.err
    assert stopped.err.count("callboard: ") == 1
    assert "tool_call.completed" in stopped.types
    asked = len(model.received)
    server.make_room()
    model.will(say("Finished.", cost_usd="0.25"))
    resumed = shell("runs", "resume", "r", "--json", **env)
    assert (resumed.code, resumed.types[-1]) == (0, "run.completed")
    assert len(model.received) == asked + 1
    assert shell("runs", "show", "r", "--json", **env).out == stopped.out + resumed.out
    assert shell("runs", "verify", "r", **env).code == 0


def test_tables_for_which_there_is_no_room_are_made_when_there_is(shell, server, env):
    server.leave_free(200)
    refused = shell("runs", "list", **env)
    assert (refused.code, refused.err.count("callboard: ")) == (2, 1)
    assert "there is no room" in refused.err
    server.make_room()
    assert shell("runs", "list", "--json", **env).out == "[]\n"


def test_a_worker_stays_and_goes_on_by_itself_when_there_is_room(office, model, server, env):
    set_up(office, **env)
    server.leave_free(1_500)
    model.will(*[say(LARGE)] * 50)
    worker = office.start("worker", **env)
    end = time.monotonic() + TIMEOUT_S
    while len(model.received) < 2:  # what could not be kept is asked again
        assert time.monotonic() < end
        time.sleep(0.05)
    assert state(office, **env) == "under_way"
    server.make_room()
    until_done(office, **env)
    worker.process.terminate()
    ended = worker.finish()
    assert ended.code == 0
    assert "when it can be recorded again" in ended.err
    assert "there is no room" in ended.err
