"""Workers as somebody starts and ends them."""

import json
import signal
import subprocess
import time

import psycopg
import pytest
import yaml

from tests.cli.shell import HANG, TIMEOUT_S, call, calls, say

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def office(shell):
    """A shell whose organisation has a space, a workflow and an agent that writes a file."""

    def git(*arguments):
        subprocess.run(["git", *arguments], cwd=shell.workspace, check=True)

    git("init", "--quiet")
    (shell.workspace / "app.py").write_text("x = 1\n")
    git("add", ".")
    git("-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "-m", "first")
    return shell


def set_up(office, **env):
    step = {"id": "work", "title": "Work", "agent": "writer", "max_attempts": 1}
    flow = office.home / "flow.yaml"
    flow.write_text(yaml.safe_dump({"id": "flow", "title": "Flow", "steps": [step]}))
    office.agent("writer", folder=office.home / "drafts", toolNames=["write_file", "end_turn"])
    repository = ("--repository", office.workspace, "--workflow", "flow")
    for line in (
        ("workflows", "apply", flow),
        ("spaces", "create", "auth", "--prefix", "AUTH", *repository),
        ("roster", "save", office.home / "drafts"),
        ("roster", "promote", "writer"),
        ("tasks", "create", "auth", "Make it 2"),
        ("tasks", "start", "AUTH-1"),
    ):
        done = office(*line, **env)
        assert done.code == 0, done.err


def writes():
    return calls(call("write_file", path="app.py", content="x = 2\n")), say("Done.")


def state(office, **env):
    return office("tasks", "show", "AUTH-1", "--json", **env).json["state"]


def until_done(office, **env):
    end = time.monotonic() + TIMEOUT_S
    while (now := state(office, **env)) != "done":
        assert time.monotonic() < end, now


def test_a_worker_that_is_told_to_end_leaves_the_call_that_takes_too_long(office, model):
    set_up(office)
    model.will(HANG)
    worker = office.start("worker", "--grace", "0.1")
    model.wait_until_asked()
    worker.process.send_signal(signal.SIGTERM)
    ended = worker.finish()
    assert (ended.code, ended.out) == (0, "")
    assert "nothing more is begun" in ended.err
    assert state(office) == "under_way"
    model.will(*writes())
    assert office("worker", "--until-idle").code == 0
    assert state(office) == "done"


def test_a_worker_that_is_told_twice_ends_at_once(office, model):
    set_up(office)
    model.will(HANG)
    worker = office.start("worker", "--grace", "3600")
    model.wait_until_asked()
    worker.process.send_signal(signal.SIGTERM)
    end = time.monotonic() + TIMEOUT_S
    while worker.process.poll() is None:
        assert time.monotonic() < end, "it goes on"
        worker.process.send_signal(signal.SIGTERM)
        time.sleep(0.05)
    assert worker.finish().code in (130, -signal.SIGTERM)


def test_a_server_without_a_worker_leaves_the_work_to_workers(office, model):
    server = office.start("serve", "--port", "0", "--no-worker")
    server.line()
    set_up(office)
    assert state(office) == "queued"
    model.will(*writes())
    worker = office.start("worker")
    until_done(office)
    for process in (worker, server):
        process.process.terminate()
        assert process.finish().code == 0


@pytest.mark.parametrize("dispatcher", ["procrastinate", "embedded"])
def test_a_task_is_worked_on_by_a_worker_elsewhere_on_a_server(
    office, model, postgres_database, tmp_path, dispatcher
):
    env = {"CALLBOARD_DATABASE_URL": postgres_database, "CALLBOARD_DISPATCHER": dispatcher}
    elsewhere = tmp_path / "elsewhere"
    model.will(*writes())
    worker = office.start("worker", CALLBOARD_HOME=str(elsewhere), **env)
    set_up(office, **env)
    until_done(office, **env)
    worker.process.terminate()
    assert worker.finish().code == 0
    shown = json.loads(office("tasks", "show", "AUTH-1", "--json", **env).out)
    assert shown["runs"] == ["AUTH-1-1"]


@pytest.mark.parametrize(
    ("value", "said"),
    [("pigeon", "embedded, procrastinate, dbos"), ("procrastinate", "CALLBOARD_DATABASE_URL")],
)
def test_a_way_to_hand_out_work_that_does_not_fit_is_one_message(bare, value, said):
    refused = bare("worker", "--until-idle", CALLBOARD_DISPATCHER=value)
    if value == "procrastinate":  # until idle, a worker drives everything itself
        refused = bare("tasks", "list", CALLBOARD_DISPATCHER=value)
    assert (refused.code, refused.out) == (2, "")
    assert "CALLBOARD_DISPATCHER" in refused.err
    assert said in refused.err


def test_an_upgrade_makes_what_carries_work_between_workers(bare, postgres_url):
    env = {"CALLBOARD_DATABASE_URL": postgres_url}
    for _ in range(2):
        done = bare("db", "upgrade", **env)
        assert done.code == 0, done.err
    with psycopg.connect(postgres_url) as connection:
        found = connection.execute("SELECT nspname FROM pg_namespace").fetchall()
    assert any(name.startswith("callboard_jobs_") for (name,) in found)
