"""Faults of the machine, through the installed command: a clear error, nothing lost, and the run goes on."""

import os
import resource
import shutil
import sqlite3
import subprocess
import threading
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import Any, cast

import pytest

from callboard.domain.errors import ConfigurationInvalid
from callboard.settings import read_settings
from callboard.testing.model.loopback import reply_for
from tests.cli.shell import COMMAND, HANG, TIMEOUT_S, call, calls, say

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def killed(shell, model):
    """A run with one finished turn whose process was killed in the second."""
    shell.agent(toolNames=["list_directory", "end_turn"])
    model.will(calls(call("list_directory", path=".")), HANG)
    running = shell.start("run", "helper", "--json", "--run-id", "r")
    running.until("tool_call.completed")
    running.until("model_call.started")
    model.wait_until_asked()
    running.kill()
    return shell


def goes_on(killed, model):
    """What was recorded is whole, and the run ends."""
    assert killed("runs", "verify", "r").code == 0
    model.will(say("Finished."))
    resumed = killed("runs", "resume", "r", "--json")
    assert (resumed.code, resumed.types[-1]) == (0, "run.completed")
    assert killed("runs", "verify", "r").code == 0


def one_line(done, *words):
    assert (done.code, done.out) == (2, "")
    assert "Traceback" not in done.err
    assert all(word in done.err for word in words), done.err


def test_a_full_disk_stops_the_run_by_name_and_loses_nothing(killed, model):
    """The kernel refuses to let any file of the process grow, as a full disk would."""
    file = killed.home / "callboard.db"
    with killed.database() as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    before = killed.stored("r")

    def no_space():
        size = file.stat().st_size
        resource.setrlimit(resource.RLIMIT_FSIZE, (min(size, 1000), resource.RLIM_INFINITY))

    done = subprocess.run(
        [COMMAND, "runs", "resume", "r", "--json"],
        cwd=killed.workspace,
        env=killed.environ(PYTHONDONTWRITEBYTECODE="1"),
        preexec_fn=no_space,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    one_line(_done(done), "callboard")
    assert killed.stored("r")[: len(before)] == before
    goes_on(killed, model)


def _done(process):
    from tests.cli.shell import Done  # noqa: PLC0415

    return Done(process.returncode, process.stdout, process.stderr)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everything")
@pytest.mark.parametrize("name", ["callboard.db", "."])
def test_a_database_that_may_not_be_written_is_named(killed, model, name):
    place = killed.home / name
    mode = place.stat().st_mode
    place.chmod(0o500 if place.is_dir() else 0o400)
    try:
        one_line(killed("runs", "resume", "r"), str(killed.home))
    finally:
        place.chmod(mode)
    goes_on(killed, model)


@pytest.mark.parametrize("keep", [0, 1, 31, 1000, 4127, 9000])
def test_a_torn_write_ahead_log_loses_no_whole_event(killed, model, keep):
    """A copy of the files cut anywhere has a prefix of the log: it verifies and goes on, or says what is wrong."""
    log = killed.home / "callboard.db-wal"
    content = log.read_bytes() if log.exists() else b""
    (killed.home / "callboard.db-shm").unlink(missing_ok=True)
    if content:
        log.write_bytes(content[: max(len(content) - keep, 0)])
    found = killed("runs", "verify", "r", "--json")
    if found.code == 2:
        assert "r" in found.err  # cut before the run began
        return
    goes_on(killed, model)


def test_a_copy_of_the_files_goes_on_where_the_original_was(killed, model, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(killed.home, copy)
    shutil.rmtree(killed.home)
    copy.rename(killed.home)
    goes_on(killed, model)


def test_a_database_that_another_process_reads_all_the_time_is_written_all_the_same(
    killed,
    model,
):
    with sqlite3.connect(killed.home / "callboard.db") as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM event").fetchone()
        goes_on(killed, model)
    reader.close()


IMPATIENT = {"CALLBOARD_DATABASE_PATIENCE": "0.1"}
# The run's own two connections wait for each other too: long enough for a disk under load.
PATIENT_WITH_A_SLOW_DISK = {"CALLBOARD_DATABASE_PATIENCE": "3"}


@contextmanager
def held(shell):
    """Somebody who writes to the database and does not come to an end."""
    place = shell.home / "callboard.db"
    connection = sqlite3.connect(place, timeout=TIMEOUT_S, check_same_thread=False)
    connection.isolation_level = None
    with closing(connection) as holder:
        holder.execute("BEGIN IMMEDIATE")
        yield
        holder.execute("ROLLBACK")


def test_a_database_that_stays_locked_is_named_and_the_run_goes_on_afterwards(killed, model):
    asked = len(model.received)
    with held(killed):
        one_line(killed("runs", "resume", "r", **IMPATIENT), "callboard.db", "locked", "PATIENCE")
        assert killed("runs", "show", "r", **IMPATIENT).code == 0  # who only reads is not held up
    assert len(model.received) == asked
    goes_on(killed, model)


class Meanwhile:
    """An answer's bytes; something happens before the first one is sent."""

    def __init__(self, blocks, happens):
        self._blocks = blocks
        self._happens = happens

    def __iter__(self):
        self._happens()
        return iter(self._blocks)


def test_a_database_that_is_locked_under_a_run_stops_it_by_name_and_loses_nothing(shell, model):
    shell.agent(toolNames=["list_directory", "end_turn"])
    locked = threading.Event()
    second = reply_for(say("Nobody can record this."), "chat")
    model.will(
        calls(call("list_directory", path=".")),
        replace(second, blocks=cast("Any", Meanwhile(second.blocks, locked.wait))),
    )
    running = shell.start("run", "helper", "--json", "--run-id", "r", **PATIENT_WITH_A_SLOW_DISK)
    running.until("tool_call.completed")
    with held(shell):
        locked.set()
        stopped = running.finish()
    assert stopped.code == 2
    assert "locked" in stopped.err
    assert "tool_call.completed" in stopped.types
    assert shell("runs", "show", "r", "--json").out.startswith(stopped.out)
    goes_on(shell, model)


@pytest.mark.parametrize("value", ["-1", "1e3", "a while", "99999", "nan", "0.0001"])
def test_a_patience_that_is_no_number_of_seconds_is_refused(value, tmp_path):
    with pytest.raises(ConfigurationInvalid, match="CALLBOARD_DATABASE_PATIENCE"):
        read_settings({"CALLBOARD_HOME": str(tmp_path), "CALLBOARD_DATABASE_PATIENCE": value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CALLBOARD_HOME", "~nobody-of-this-name"),
        ("CALLBOARD_ARCHIVE", "~nobody-of-this-name/archive"),
        ("CALLBOARD_DATABASE_URL", "sqlite:///~nobody-of-this-name/callboard.db"),
    ],
)
def test_a_place_in_nobodys_home_is_refused_by_the_name_of_its_variable(name, value, tmp_path):
    with pytest.raises(ConfigurationInvalid, match=rf"^{name} ~nobody.* cannot be used: "):
        read_settings({"CALLBOARD_HOME": str(tmp_path), name: value})


@pytest.mark.parametrize(
    "arguments",
    ["run helper hello", "run helper hello --agents .", "demo --repo . --task t --check true"],
)
def test_a_directory_that_was_removed_beneath_somebody_is_told_of(shell, tmp_path, arguments):
    script = f"mkdir gone && cd gone && rmdir ../gone && exec {COMMAND} {arguments}"
    done = subprocess.run(
        ["sh", "-ec", script],
        check=False,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        cwd=tmp_path,
        env=shell.environ(),
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("callboard: . is nowhere: the directory that you are in")
    assert done.stderr.count("\n") == 1
