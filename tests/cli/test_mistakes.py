"""What a person reads where a command cannot be done: one message, whatever the reason."""

import errno
import os
import signal
import subprocess
from contextlib import suppress

import pytest

from callboard.cli.shortage import shortage_of
from tests.cli.shell import COMMAND, TIMEOUT_S, say

pytestmark = pytest.mark.timeout(300)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("tasks", "create", "space", "title", "--budget", "much"), "--budget much: expected an"),
        (("tasks", "change", "KEY-1", "--budget", "-1"), "--budget -1: expected an"),
        (("agents", "list", "--agents", "nowhere"), "--agents nowhere: there is no such"),
        (("agents", "validate", "x" * 300), "xx…: File name too long"),
        (("roster", "save", "x" * 300), "xx…: File name too long"),
        (("export", "x" * 300), "xx…: File name too long"),
        (("import", "x" * 300), "xx…: File name too long"),
        (("verify", __file__), "test_mistakes.py: this file is not an export of a run"),
    ],
)
def test_a_mistake_in_any_argument_is_one_message(bare, arguments, said):
    done = bare(*arguments)
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert said in done.err


def test_a_home_that_is_a_file_is_called_one(bare):
    (bare.workspace / "file").touch()
    done = bare("runs", "list", CALLBOARD_HOME=str(bare.workspace / "file"))
    assert (done.code, done.out) == (2, "")
    assert "file cannot be used: it is a file; set CALLBOARD_HOME" in done.err


def test_a_database_in_memory_is_refused_and_no_file_is_called_so(bare):
    done = bare("runs", "list", CALLBOARD_DATABASE_URL="sqlite:///:memory:")
    assert (done.code, done.out) == (2, "")
    assert "use `sqlite:///path/to/file`" in done.err
    assert list(bare.workspace.iterdir()) == []


@pytest.mark.parametrize("prompt", ["", " \n"])
def test_a_prompt_that_says_nothing_is_not_paid_for(shell, model, prompt):
    shell.agent()
    done = shell("run", "helper", prompt)
    assert (done.code, done.out, model.received) == (2, "", [])
    assert "the prompt is empty" in done.err
    model.will(say("Done."))
    assert shell("run", "helper", prompt, "--params", "{}").code == 0


@pytest.mark.parametrize("run_id", [".", ".."])
def test_a_fork_is_not_called_what_directories_are_called(shell, model, run_id):
    shell.agent()
    model.will(say("Done."))
    shell("run", "helper", "Do it", "--run-id", "r")
    done = shell("runs", "fork", "r", "--at", "2", "--run-id", run_id)
    assert (done.code, done.out) == (2, "")
    assert f"--run-id {run_id}: a fork needs more than dots" in done.err
    assert not list((shell.home / "workspaces").glob("*"))


@pytest.mark.parametrize("days", ["99999999", "nan", "0"])
def test_days_that_no_calendar_has_are_refused(bare, days):
    done = bare("performance", "show", "--days", days)
    assert (done.code, done.out) == (2, "")
    assert "--days" in done.err


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nowhere.png", "No such file"),
        ("nowhere", "No such file"),
        (".", "Is a directory"),
        ("endless.png", "is larger than 20 MB"),
        ("endless", "attach images and PDF documents"),
    ],
)
def test_what_cannot_be_attached_is_refused_whatever_it_is(bare, name, said):
    bare.agent()
    for endless in ("endless.png", "endless"):
        (bare.workspace / endless).symlink_to("/dev/zero")
    done = bare("run", "helper", "Look", "--attach", name, OPENROUTER_API_KEY="sk-x")
    assert (done.code, done.out) == (2, "")
    assert f"--attach {name}: {said}" in done.err
    assert bare("runs", "list", "--json").json == []


def test_validating_what_holds_no_definition_is_no_success(bare):
    (bare.workspace / "notes.txt").write_text("x")
    done = bare("agents", "validate", "notes.txt", "--json")
    said = {"file": "notes.txt", "field": "", "message": "holds no definition of an agent"}
    assert (done.code, done.json) == (2, [said])
    (bare.workspace / "empty").mkdir()
    nothing = bare("agents", "validate", "empty")
    assert (nothing.code, "0 valid" in nothing.err) == (0, True)
    bare.agent()  # where a shell's pattern names more than definitions, those count
    assert bare("agents", "validate", ".agents/helper.yaml", "notes.txt").code == 0


@pytest.mark.parametrize("most", [6, 8, 10])
def test_too_few_open_files_are_one_message_with_a_way_out(bare, most):
    done = subprocess.run(
        ["/bin/sh", "-c", f'ulimit -n {most} && exec "$@"', "sh", COMMAND, "runs", "list"],
        env=bare.environ(),
        cwd=bare.workspace,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert (done.returncode, done.stdout, "Traceback" in done.stderr) == (2, "", False), done.stderr
    assert "too many files are open at a time; allow more (`ulimit -n`" in done.stderr


def failed(first, then):
    """An error, and what failed for the same reason while that one was cleaned up after."""
    then.__context__ = first
    return then


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (RuntimeError("can't start new thread"), "ulimit -u"),
        (BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable"), "ulimit -u"),
        (failed(OSError(errno.EMFILE, "Too many"), AttributeError("_ssock")), "ulimit -n"),
        (ExceptionGroup("all", [MemoryError()]), "ulimit -v"),
        (SystemError("error return without exception set"), "ulimit -v"),
        (ImportError("x.so: failed to map segment from shared object"), "ulimit -v"),
        (PermissionError(errno.EACCES, "Permission denied", "/a/b"), "/a/b: Permission denied"),
    ],
)
def test_what_is_short_is_named_with_its_limit(error, said):
    assert said in (shortage_of(error) or "")


@pytest.mark.parametrize("error", [RuntimeError("x"), KeyError("x"), OSError(errno.EPIPE, "x")])
def test_a_fault_of_ours_is_not_blamed_on_the_machine(error):
    assert shortage_of(error) is None


@pytest.fixture
def heeded():
    """Let what is started here heed SIGINT, also where this process was told to ignore it, as in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heeded")
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, -signal.SIGTERM)]
)
def test_a_command_that_is_told_to_end_before_it_began_says_nothing(bare, number, code):
    bare.cold = True
    pipe = bare.workspace / "pipe"
    os.mkfifo(pipe)
    running = bare.start("verify", pipe)
    with pipe.open("wb"):  # from here on it reads
        running.process.send_signal(number)
        # Python does not see one that comes between its last look and the system's wait, which nobody can rule out.
        with suppress(subprocess.TimeoutExpired):
            running.process.wait(20)
        if running.process.poll() is None:
            running.process.send_signal(number)
        done = running.finish()
    assert (done.code, done.out, done.err) == (code, "", "")
