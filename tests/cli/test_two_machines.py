"""Two machines, a database and a repository: what one leaves behind when it dies, the other goes on with."""

import json
import shutil
import subprocess
import time

import httpx2
import pytest
import yaml

from tests.cli.shell import HANG, TIMEOUT_S, call, calls, command, say

pytestmark = pytest.mark.timeout(300)
TOOLS = ["write_file", "str_replace", "run_terminal_command", "end_turn"]
BINARY = "mkdir deep && printf '\\000\\377' > deep/a.bin && chmod +x app.py && rm old.txt && echo > built/x"


class Place:
    """An office that sets tasks in a repository, and machines whose workers do them."""

    def __init__(self, shell, database, tmp_path):
        self.shell = shell
        self.tmp_path = tmp_path
        shell.env |= {
            "CALLBOARD_DATABASE_URL": database,
            "CALLBOARD_LEASE": "1",
            "CALLBOARD_SANDBOX": "required",
        }
        self.git("init", "--quiet")
        for name, text in {
            "app.py": "x = 1\n",
            "old.txt": "old\n",
            ".gitignore": "built\n",
        }.items():
            (shell.workspace / name).write_text(text)
        self.git("add", ".")
        self.git("-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "-m", "first")

    def git(self, *arguments):
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.shell.workspace,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.strip()

    def do(self, *line, **env):
        done = self.shell(*line, **env)
        assert done.code == 0, done.err
        return done

    def found(self):
        step = {"id": "work", "title": "Work", "agent": "writer", "max_attempts": 1}
        flow = self.tmp_path / "flow.yaml"
        flow.write_text(yaml.safe_dump({"id": "flow", "title": "Flow", "steps": [step]}))
        self.shell.agent("writer", folder=self.tmp_path / "drafts", toolNames=TOOLS)
        repository = ("--repository", self.shell.workspace, "--workflow", "flow")
        self.do("workflows", "apply", flow)
        self.do("spaces", "create", "auth", "--prefix", "AUTH", *repository)
        self.do("roster", "save", self.tmp_path / "drafts")
        self.do("roster", "promote", "writer")

    def task(self, title):
        self.do("tasks", "create", "auth", title)
        key = self.do("tasks", "list", "--json").out
        key = max(task["key"] for task in json.loads(key))
        self.do("tasks", "start", key)
        return key

    def home(self, name):
        return self.tmp_path / name

    def worker(self, name):
        return self.shell.start("worker", CALLBOARD_HOME=str(self.home(name)))

    def on(self, name, *line):
        return self.shell(*line, CALLBOARD_HOME=str(self.home(name)))

    def until(self, holds):
        end = time.monotonic() + TIMEOUT_S
        while not (now := holds()):
            assert time.monotonic() < end, now
            time.sleep(0.05)

    def state(self, key):
        return self.do("tasks", "show", key, "--json").json["state"]

    def until_done(self, key):
        self.until(lambda: self.state(key) != "under_way" and self.state(key) != "queued")
        assert self.state(key) == "done", self.do("tasks", "show", key).out

    def branch(self, key):
        found = self.git("branch", "--list", "--format=%(refname:short)", f"*{key.lower()}*")
        return found.strip()

    def kinds(self, run_id):
        return self.do("runs", "show", run_id, "--json").types


@pytest.fixture
def place(shell, postgres_database, tmp_path):
    place = Place(shell, postgres_database, tmp_path)
    place.found()
    return place


def edits(*, then=()):
    """The first changes; after each, one that depends on it."""
    return (
        calls(call("write_file", path="app.py", content="x = 2\n")),
        command("mkdir -p built; " + BINARY),
        *then,
    )


def the_rest():
    change = {"oldString": "x = 2", "newString": "x = 3"}
    return (
        calls(call("str_replace", path="app.py", replacements=[change])),
        say("Done."),
    )


def test_a_task_is_finished_by_another_machine_as_if_nothing_had_happened(place, model):
    model.will(*edits(then=[HANG]))
    worker = place.worker("first")
    key = place.task("Disturbed")
    model.wait_until_asked()
    worker.kill()
    shutil.rmtree(place.home("first"))
    model.will(*the_rest())
    second = place.worker("second")
    place.until_done(key)
    model.will(*edits(), *the_rest())
    undisturbed = place.task("Undisturbed")
    place.until_done(undisturbed)
    second.process.terminate()
    assert second.finish().code == 0

    trees = [place.git("rev-parse", f"{place.branch(one)}^{{tree}}") for one in (key, undisturbed)]
    assert trees[0] == trees[1]
    assert place.kinds(f"{key}-1").count("run.resumed") == 2  # the task, and the run of its agent
    for home in ("second", "third"):
        assert place.on(home, "runs", "verify", f"{key}-1").code == 0
    exported = [
        place.on(home, "runs", "export", f"{key}-1", "--output", "-").out
        for home in ("second", "third")
    ]
    kinds = [[json.loads(line)["type"] for line in text.splitlines()] for text in exported]
    assert kinds[0].count("object") == kinds[1].count("object") > 0
    assert "absent" not in kinds[0] + kinds[1]


def test_what_was_written_before_the_machine_died_is_there_although_no_turn_had_ended(place, model):
    write = call("write_file", "c1", path="app.py", content="x = 2\n")
    begun = call("run_terminal_command", "c2", command="touch begun; sleep 600", timeout_seconds=-1)
    model.will(calls(write, begun))
    worker = place.worker("first")
    key = place.task("Cut short")
    copy = place.home("first") / "workspaces" / f"{key}-1"
    place.until((copy / "begun").exists)
    worker.kill()
    model.will(*the_rest())
    second = place.worker("second")
    place.until_done(key)
    second.process.terminate()
    assert second.finish().code == 0
    assert place.git("show", f"{place.branch(key)}:app.py") == "x = 3"


def test_a_run_whose_repository_is_elsewhere_is_left_to_who_can_reach_it(place, model):
    model.will(*edits(then=[HANG]))
    worker = place.worker("first")
    key = place.task("Far away")
    model.wait_until_asked()
    worker.kill()
    events = len(place.kinds(f"{key}-1"))
    moved = place.shell.workspace.with_name("moved")
    place.shell.workspace.rename(moved)
    place.shell.workspace.mkdir()
    second = place.worker("second")
    refused = place.on("third", "runs", "resume", f"{key}-1")
    assert refused.code == 2
    assert "is not a git repository" in refused.err
    assert len(place.kinds(f"{key}-1")) == events
    place.shell.workspace.rmdir()
    moved.rename(place.shell.workspace)
    model.will(*the_rest())
    place.until_done(key)
    second.process.terminate()
    ended = second.finish()
    assert ended.code == 0
    assert ended.err.count(f"run {key}-1 is left as it is") <= 1
    assert place.kinds(f"{key}-1").count("run.resumed") == 2  # the task, and the run of its agent


def test_a_run_that_nobody_here_could_go_on_with_can_be_ended_here(place, model):
    model.will(*edits(then=[HANG]))
    worker = place.worker("first")
    key = place.task("Far away")
    model.wait_until_asked()
    worker.kill()
    place.shell.workspace.rename(place.shell.workspace.with_name("moved"))
    place.shell.workspace.mkdir()
    ended = place.on("second", "tasks", "cancel", key)
    assert ended.code == 0, ended.err
    assert place.kinds(f"{key}-1")[-1] == "run.cancelled"
    assert not (place.home("second") / "workspaces").exists()


def test_a_run_that_is_asked_for_at_a_server_without_a_worker_is_done_by_a_worker_elsewhere(
    place, model
):
    first = {"CALLBOARD_HOME": str(place.home("first"))}
    server = place.shell.start("serve", "--port", "0", "--no-worker", **first)
    url = server.line().partition("/setup")[0]
    wish = {"agent": "writer", "space": "auth", "prompt": "Go.", "run_id": "asked"}
    answer = httpx2.post(f"{url}/api/v1/runs", json=wish, timeout=TIMEOUT_S)
    assert (answer.status_code, answer.json()["status"]) == (202, "running"), answer.text
    model.will(*edits(), *the_rest())
    second = place.worker("second")
    place.until(lambda: place.kinds("asked")[-1] == "run.completed")
    for running in (second, server):
        running.process.terminate()
        assert running.finish().code == 0
    assert (place.home("second") / "workspaces" / "asked" / "app.py").read_text() == "x = 3\n"
    assert place.on("first", "runs", "verify", "asked").code == 0
