"""What tools and commands can reach from a run, seen from outside."""

import json
import subprocess

from tests.cli.shell import CANARY, call, calls, command, say


def result_of(model):
    """Return what the model was told last."""
    return "\n".join(m["content"] for m in model.last_messages() if m["role"] == "tool")


def test_ignored_files_and_secrets_are_unreadable_and_templates_are_not(shell, model, tmp_path):
    shell.agent(toolNames=["read_files", "end_turn"])
    place = shell.workspace
    subprocess.run(["git", "init", "-q", place], check=True)
    (place / ".gitignore").write_text("ignored.txt\nbuild/\n")
    (place / "build").mkdir()
    (tmp_path / "above.txt").write_text("hidden above")
    (place / "link.txt").symlink_to(tmp_path / "above.txt")
    hidden = ("ignored.txt", "build/out.txt", ".env", ".env.local", ".env.production")
    for name in hidden:
        (place / name).write_text(f"hidden {name}")
    (place / ".env.example").write_text("shown template")
    (place / "seen.txt").write_text("shown file")
    paths = [*hidden, "../above.txt", str(tmp_path / "above.txt"), "link.txt"]
    model.will(calls(call("read_files", paths=[*paths, ".env.example", "seen.txt"])), say("ok"))
    done = shell("run", "helper", "--json")
    assert done.code == 0
    assert "hidden " not in model.last_text() + done.out
    assert "shown template" in result_of(model)
    assert "shown file" in result_of(model)


def test_commands_see_no_keys_and_no_network_and_nothing_above_the_workspace(
    shell, model, tmp_path
):
    shell.agent(toolNames=["run_terminal_command", "end_turn"])
    (tmp_path / "above.txt").write_text("hidden above")
    address = model.url.removeprefix("http://").replace(":", "/")
    probes = (
        "env",
        "cat /proc/self/environ /proc/[0-9]*/environ",
        f"ls -a {tmp_path} {shell.home}",
        f"cat {tmp_path}/above.txt ../above.txt {shell.home}/callboard.db",
        f"(exec 3<>/dev/tcp/{address} && echo connected >&3) && echo reached-network",
        "echo seen > made.txt; cat made.txt",
    )
    model.will(
        calls(
            *(call("run_terminal_command", f"c{n}", command=line) for n, line in enumerate(probes))
        )
    )
    model.will(say("ok"))
    done = shell("run", "helper", "--json", OTHER_SECRET="also-canary-27182818")
    assert done.code == 0
    told = result_of(model)
    assert "seen" in told
    assert (shell.workspace / "made.txt").read_text() == "seen\n"
    database = b"".join(path.read_bytes() for path in shell.home.glob("callboard.db*"))
    everything = done.out + done.err + told + database.decode(errors="replace")
    for secret in (CANARY, "also-canary-27182818", "hidden above"):
        assert secret not in everything
    assert "reached-network" not in told.replace("echo reached-network", "")
    assert len(model.received) == 2


def test_file_changes_are_told_with_their_line_counts(shell, model):
    shell.agent(toolNames=["write_file", "run_terminal_command", "end_turn"])
    (shell.workspace / "old.txt").write_text("a\nb\n")
    written = call("write_file", path="new.txt", instructions="x", content="1\n2\n3\n")
    model.will(calls(written), command("rm old.txt; exit 3", "c2"), say("ok"))
    done = shell("run", "helper", "--run-id", "r")
    assert done.code == 0
    for line in ("A new.txt  +3 −0", "D old.txt  +0 −2"):
        assert done.err.count(line) == 1
        assert shell("runs", "show", "r").out.count(line) == 1
    assert "rm old.txt; exit 3 — exit 3, " in done.err


def test_rules_and_people_stand_before_calls(shell, model):
    rules = [
        {"effect": "deny", "tool": "write_file", "arguments": {"path": "locked/**"}},
        {"effect": "ask", "tool": "write_file", "arguments": {"path": "asked/**"}},
    ]
    shell.agent(toolNames=["write_file", "end_turn"], permissions=rules)
    wish = {"instructions": "x", "content": "y"}
    locked = call("write_file", "c1", path="locked/a", **wish)
    asked = call("write_file", "c2", path="asked/b", **wish)
    model.will(calls(locked, asked))
    waiting = shell("run", "helper", "--json", "--run-id", "r")
    assert (waiting.code, waiting.types[-1]) == (0, "gate.opened")
    assert "tool_call.refused" in waiting.types
    (gate,) = shell("inbox", "list", "--json").json
    assert (gate["run_id"], gate["reason"]) == ("r", "approval_required")
    assert json.loads(shell("inbox", "show", "r", "--json").out)["digest"] == gate["digest"]
    assert "asked/b" in shell("inbox", "show", "r").out
    assert shell("inbox", "decide", "r", "perhaps").code == 2
    model.will(say("ok"))
    decided = shell("inbox", "decide", "r", "reject", "--note", "not there")
    assert decided.code == 0
    assert "not there" in result_of(model)
    assert not (shell.workspace / "asked").exists()
    assert shell("inbox", "decide", "r", "approve").code == 2
