"""What a person sees, at a real (pseudo) terminal and behind pipes."""

import os
import pty
import re
import select
import signal
import subprocess
import termios
import time

import pytest

from tests.cli.shell import COMMAND, TIMEOUT_S, call, calls, say

pytestmark = pytest.mark.timeout(300)


class Terminal:
    """A command at a pseudo-terminal."""

    def __init__(self, shell, *arguments, **env):
        self._master, slave = pty.openpty()
        termios.tcsetwinsize(self._master, (50, 100))
        self.screen = ""
        self.process = subprocess.Popen(
            [COMMAND, *map(str, arguments)],
            cwd=shell.workspace,
            env=shell.environ(TERM="xterm-256color", **env),
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
        )
        os.close(slave)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(TIMEOUT_S)
        os.close(self._master)

    def until(self, text):
        """Read until a text is on the screen; what was read before it counts no more."""
        deadline = time.monotonic() + TIMEOUT_S
        while text not in self.screen:
            assert self._read(deadline), f"it ended without {text!r}: {self.screen}"
        before, self.screen = self.screen.split(text, 1)
        return before

    def type(self, text):
        os.write(self._master, text.encode())

    def finish(self):
        """Return the exit code and what was printed since the last `until`."""
        deadline = time.monotonic() + TIMEOUT_S
        while self._read(deadline):
            pass
        return self.process.wait(TIMEOUT_S), self.screen

    def _read(self, deadline):
        ready, _, _ = select.select([self._master], [], [], max(deadline - time.monotonic(), 0))
        assert ready, f"nothing more within {TIMEOUT_S} s: {self.screen}"
        try:
            piece = os.read(self._master, 65536)
        except OSError:  # how Linux says that nobody has the terminal open any more
            return False
        self.screen += piece.decode(errors="replace").replace("\r\n", "\n")
        return bool(piece)


def repository(shell):
    """A user's repository in which one word is wrong."""
    place = shell.workspace
    (place / "word.txt").write_text("wrong\n")
    identity = ("-c", "user.name=U", "-c", "user.email=u@example.invalid")
    subprocess.run(["git", "init", "-q", place], check=True)
    subprocess.run(["git", "-C", place, "add", "-A"], check=True)
    subprocess.run(["git", "-C", place, *identity, "commit", "-qm", "Begin"], check=True)
    return place


DEMO = ("demo", "--task", "Right the word", "--check", "grep -q right word.txt")
WRITTEN = calls(
    call("write_file", path="word.txt", instructions="x", content="right\n"), cost_usd="0.01"
)
REVIEWED = calls(call("set_output", verdict="approve", reason="fine", findings=[]), cost_usd="0.01")


def git(place, *arguments):
    done = subprocess.run(
        ["git", "-C", place, *arguments], capture_output=True, text=True, check=True
    )
    return done.stdout


def test_a_task_in_ones_own_repository_is_signed_off_at_the_terminal(shell, model):
    place = repository(shell)
    model.will(WRITTEN, say("Done."), REVIEWED)
    with Terminal(shell, *DEMO, "--repo", place) as terminal:
        shown = terminal.until("show [d]iff")
        assert "M word.txt  +1 −1" in shown
        terminal.type("what\n")
        terminal.until("Please answer")
        terminal.until("show [d]iff")
        terminal.type("d\n")
        terminal.until("-wrong\n")
        terminal.until("+right\n")
        terminal.until("show [d]iff")
        model.will(say("I changed nothing more."), REVIEWED)
        terminal.type("r\n")
        terminal.until("What should change?")
        terminal.type("Write it twice.\n")
        terminal.until("show [d]iff")
        assert "Write it twice." in str(model.received[-2].json["messages"])
        terminal.type("approve\n")
        code, rest = terminal.finish()
    assert code == 0
    assert "completed after" in rest
    assert "─ Implement" not in rest  # what was shown live is not told again
    (branch,) = git(place, "branch", "--list", "callboard/*", "--format=%(refname:short)").split()
    assert git(place, "show", f"{branch}:word.txt") == "right\n"
    assert (place / "word.txt").read_text() == "wrong\n"
    assert git(place, "status", "--porcelain") == ""
    (row,) = shell("runs", "list", "--json").json
    assert (row["status"], row["title"]) == ("completed", "Right the word")
    assert shell("runs", "verify", row["run_id"]).code == 0
    thread = shell("runs", "show", row["run_id"]).out
    assert "rejected: Write it twice." in thread
    assert "\x1b" not in thread
    assert re.search(r"ann +approved", thread)


def test_ctrl_c_at_the_sign_off_leaves_the_task_waiting(shell, model):
    place = repository(shell)
    model.will(WRITTEN, say("Done."), REVIEWED)
    with Terminal(shell, *DEMO, "--repo", place) as terminal:
        terminal.until("show [d]iff")
        terminal.process.send_signal(signal.SIGINT)
        code, rest = terminal.finish()
    assert code == 130
    assert "callboard inbox decide" in rest
    assert "Traceback" not in rest
    (row,) = shell("runs", "list", "--json").json
    assert row["status"] == "waiting"
    refused = shell("inbox", "decide", row["run_id"], "approve", OPENROUTER_API_KEY=None)
    assert refused.code == 2
    assert shell("runs", "list", "--json").json[0]["status"] == "waiting"
    decided = shell("inbox", "decide", row["run_id"], "approve")
    assert decided.code == 0
    assert "Sign-off: passed" in decided.err


def test_the_demo_without_a_terminal_waits_and_the_inbox_finishes_it(bare):
    done = bare("demo")
    assert done.code == 0
    assert "scripted model" in done.err
    assert "callboard inbox decide" in done.err
    (gate,) = bare("inbox", "list", "--json").json
    run_id = gate["run_id"]
    assert bare("runs", "list", "--json").json[0]["status"] == "waiting"
    shown = bare("inbox", "show", run_id)
    assert "ROUND_HALF_UP" in shown.out
    asked = bare("runs", "resume", run_id, "--json")
    assert (asked.code, asked.out) == (0, "")
    decided = bare("inbox", "decide", run_id, "approve")
    assert decided.code == 0
    assert '"branch"' in decided.out
    assert bare("inbox", "list", "--json").json == []
    thread = bare("runs", "show", run_id).out
    assert "run_terminal_command $ python -m pytest — exit 1, " in thread
    assert "check $ python -m pytest — exit 0, " in thread
    assert "Code review: rejected — " in thread
    assert thread.count("A tests/test_money.py  +10 −0") == 2  # when it happened, and in the end
    assert thread.count("Implementer ") == 2
    assert bare("runs", "verify", run_id).code == 0


def test_the_demo_with_yes_goes_from_end_to_end(bare):
    done = bare("demo", "--yes", "--check", "true")
    assert done.code == 0
    assert "completed after" in done.out
    assert "callboard runs verify" in done.out
    repository, branch = re.findall(r"git -C (\S+) show (\S+)", done.out)[0]
    assert "ROUND_HALF_UP" in git(repository, "show", branch)
    for usage in (("--repo", "."), ("--model", "openai/gpt-5")):
        assert bare("demo", *usage).code == 2


def test_the_command_that_shows_the_change_can_be_pasted_whatever_the_place_is_called(shell, model):
    place = repository(shell).rename(shell.workspace.with_name('it\'s "my" work'))
    shell.workspace.mkdir()
    model.will(WRITTEN, say("Done."), REVIEWED)
    done = shell(*DEMO, "--repo", place, "--model", "acme/model-1", "--yes")
    (pasted,) = re.findall(r"See the change: (.+)", done.out)
    shown = subprocess.run(["sh", "-c", pasted], capture_output=True, text=True, check=True)
    assert "+right" in shown.stdout


NASTY = (
    "a\x1b[31mred\x1b[0m b\x1b]0;title\x07 c\x9b2J d\u202eevil\u202c e\u200bf\u2066g\u2069"
    " h\U000e0041 i\u3164j\x08\x7f ok"
)


def test_what_a_model_says_cannot_act_on_a_terminal(shell, model):
    shell.agent("tidy", displayName="T\x1b[5midy\u202e", toolNames=["list_directory", "end_turn"])
    model.will(calls(call("list_directory", path=f"x{NASTY}"), text=NASTY), say(NASTY))
    for env in ({}, {"NO_COLOR": "1"}):
        with Terminal(shell, "run", "tidy", **env) as terminal:
            code, screen = terminal.finish()
        assert code == 0
        for sign in ("\x9b", "\x07", "\x08", "\u202e", "\u200b", "\u2066", "\U000e0041", "\u3164"):
            assert sign not in screen, ascii(sign)
        ours = re.sub(r"\x1b\[(2K|[0-9;]*m)", "", screen)
        assert "\x1b" not in ours
        assert "\\x1b[31mred" in ours
        assert "ok" in ours
        if env:
            assert not re.search(r"\x1b\[(3|4|9)[0-9]", screen)
        model.will(calls(call("list_directory", path=f"x{NASTY}"), text=NASTY), say(NASTY))
    run_id = shell("runs", "list", "--json").json[0]["run_id"]
    assert not set(shell("runs", "show", run_id).out) & set("\x1b\x9b\x07\u202e\u200b\u3164")
    with Terminal(shell, "runs", "show", run_id, "--json") as terminal:
        _, screen = terminal.finish()
    assert not set(screen) & set("\x1b\x9b\x07\u202e\u200b\u3164")


def test_a_terminal_has_a_status_line_and_a_pipe_has_none(shell, model):
    shell.agent()
    model.will(say("Hi", cost_usd="0.5"))
    with Terminal(shell, "run", "helper") as terminal:
        _, screen = terminal.finish()
    assert "turn 1" in screen
    assert screen.count("Hi") == 1


@pytest.mark.parametrize("listing", ["--json", None])
def test_a_reader_that_goes_away_is_no_traceback(shell, model, listing):
    shell.agent(toolNames=["list_directory", "end_turn"])
    model.will(calls(call("list_directory", path="."), text="Looking.\n"), say("End.\n" * 20))
    wish = f"{COMMAND} run helper --run-id r {listing or ''} | head -1"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", wish],
        cwd=shell.workspace,
        env=shell.environ(),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == 1
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr
    assert shell.stored("r")[-1]["type"] == "run.completed"


def test_a_full_disk_behind_stdout_is_no_success(shell, model):
    shell.agent()
    model.will(say("Hi"))
    done = subprocess.run(
        ["bash", "-c", f"{COMMAND} run helper --json > /dev/full"],
        cwd=shell.workspace,
        env=shell.environ(),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 1
    assert "could not be written" in done.stderr
    assert "Traceback" not in done.stderr


def test_output_is_whole_whatever_the_locale_says(shell, model):
    shell.agent()
    model.will(say("naïve — 🎭"), say("naïve — 🎭"))
    narrow = {"PYTHONIOENCODING": "ascii", "LANG": "C"}
    assert shell("run", "helper", **narrow).code == 0
    done = shell("run", "helper", "--json", **narrow)
    assert done.events[-1]["output"]["value"] == "naïve — 🎭"


def test_listings_have_a_header_and_aligned_columns(shell, model):
    shell.agent()
    model.will(say("a", cost_usd="0.5"), say("b"))
    shell("run", "helper", "--run-id", "short")
    shell("run", "helper", "--run-id", "a-rather-long-run-id.with-dots")
    header, *rows = shell("runs", "list").out.splitlines()
    assert header.split() == ["RUN", "STATUS", "STARTED", "TIME", "COST", "WHAT"]
    assert len(rows) == 2
    for row in rows:
        assert row[header.index("STATUS") :].startswith("completed")
        assert row[header.index("WHAT") :] == "Helper"
    assert "$0.5000" in rows[1]
    assert "unknown" in rows[0]
