"""Runs of no task that a worker finishes, or leaves, when the process that began them is killed."""

import time

import pytest

from tests.cli.shell import HANG, TIMEOUT_S, call, calls, say

pytestmark = pytest.mark.timeout(300)
WRITES = calls(call("write_file", path="made.txt", content="made\n"))


@pytest.fixture(params=["sqlite", "postgres"])
def place(shell, request):
    """A shell over either database, whose processes confine commands."""
    shell.env |= {"CALLBOARD_SANDBOX": "required", "CALLBOARD_LEASE": "1"}
    if request.param == "postgres":
        shell.env["CALLBOARD_DATABASE_URL"] = request.getfixturevalue("postgres_database")
    return shell


def killed(place, model):
    """Kill a run in its first model call."""
    place.agent("writer", toolNames=["write_file", "end_turn"])
    model.will(HANG)
    running = place.start("run", "writer", "Go.", "--run-id", "r", "--json")
    model.wait_until_asked()
    return running.kill()


def until(holds):
    end = time.monotonic() + TIMEOUT_S
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.1)


def status(place):
    [run] = place("runs", "list", "--json").json
    return run["status"]


def test_a_run_that_was_killed_is_finished_by_a_worker_in_its_own_directory(place, model):
    killed(place, model)
    model.will(WRITES, say("Done."))
    worker = place.start("worker")
    until(lambda: status(place) == "completed")
    worker.process.terminate()
    assert worker.finish().code == 0
    assert (place.workspace / "made.txt").read_text() == "made\n"


def test_a_worker_that_confines_nothing_leaves_directories_alone(place, model):
    killed(place, model)
    left = place("worker", "--until-idle", CALLBOARD_SANDBOX="off")
    assert (left.code, status(place)) == (0, "running")
    assert "CALLBOARD_SANDBOX=off" in left.err
    assert "callboard runs resume r" in left.err


@pytest.mark.parametrize("place", ["postgres"], indirect=True)
def test_a_worker_of_another_machine_leaves_a_directory_alone_and_says_so(place, model, tmp_path):
    killed(place, model)
    elsewhere = {"CALLBOARD_HOME": str(tmp_path / "elsewhere")}
    until(lambda: "another machine" in place("worker", "--until-idle", **elsewhere).err)
    assert status(place) == "running"
    assert not (place.workspace / "made.txt").exists()
