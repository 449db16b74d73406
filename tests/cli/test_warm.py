"""What the other tests rely on: a forked command is the command."""

import signal
import subprocess
import sys
from dataclasses import replace

import pytest

from tests.cli.shell import HANG
from tests.cli.warm import put_on_path, run_warm


@pytest.mark.parametrize(
    "arguments",
    [
        ("--version",),
        ("runs", "list", "--json"),
        ("runs", "show", "nothing"),
        ("no-such-command",),
        ("credentials", "set", "no name", "--provider", "openai"),
    ],
)
def test_it_says_and_ends_as_the_installed_one_does(bare, arguments):
    cold = replace(bare, cold=True)
    given = {"given": b"sk-value", "CALLBOARD_KEYRING": "off"}
    assert bare(*arguments, **given) == cold(*arguments, **given)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_one_that_is_followed_ends_by_a_signal_as_the_installed_one_does(shell, model, number):
    shell.agent()
    ends = []
    for each in (shell, replace(shell, cold=True)):
        model.will(HANG)
        running = each.start("run", "helper", "--json", "--run-id", f"r{len(ends)}")
        running.until("model_call.started")
        model.wait_until_asked()
        running.process.send_signal(number)
        done = running.finish()
        assert running.process.poll() == done.code
        ends.append((done.code, done.types, done.err.replace("r1", "r0")))
    assert ends[0] == ends[1]


def test_whoever_gives_up_waiting_takes_nothing_from_those_who_come_after(bare):
    with pytest.raises(TimeoutError):
        run_warm(["runs", "list"], bare.environ(), bare.workspace, None, timeout_s=0)
    assert bare("runs", "list").code == 0


def test_a_shell_finds_it_on_its_path_with_its_streams_and_its_end(bare, tmp_path):
    held = put_on_path(tmp_path)
    env = bare.environ(CALLBOARD_KEYRING="off", PATH=f"{tmp_path}:/usr/bin:/bin")
    line = "echo sk-value | callboard credentials set work --provider openai; callboard runs show x"
    shell = ["bash", "-c", f"{line}; echo $?"]
    done = subprocess.run(shell, env=env, pass_fds=[held], capture_output=True, check=True)
    assert done.stdout == b"2\n"
    assert b"work" in done.stderr
    assert sys.executable.encode() not in done.stderr
