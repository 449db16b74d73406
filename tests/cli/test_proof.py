"""Exports as files: made by the installed command, checked by it where there is nothing else."""

import hashlib
import json
import shutil

import pytest

from tests.cli.shell import CANARY, Shell, call, calls, say

pytestmark = pytest.mark.timeout(300)


def ran(shell, model, run_id="r", text="Hello."):
    shell.agent(toolNames=["write_file", "end_turn"])
    content = f"{run_id}\n"
    model.will(calls(call("write_file", path="a.md", instructions="x", content=content)), say(text))
    assert shell("run", "helper", "Go.", "--run-id", run_id).code == 0


def exported(shell, run_id="r", *options):
    done = shell("runs", "export", run_id, *options)
    assert done.code == 0, done.err
    return shell.workspace / f"{run_id}.callboard"


@pytest.fixture
def elsewhere(tmp_path):
    """Another machine: no home that could be used, and no database."""
    place = tmp_path / "elsewhere"
    place.mkdir()
    return Shell(tmp_path / "nothing" / "here", place)


def test_an_export_verifies_where_there_is_nothing_else(shell, model, elsewhere):
    ran(shell, model)
    place = exported(shell)
    assert place.stat().st_mode & 0o777 == 0o600
    done = elsewhere("verify", place, "--json")
    assert done.code == 0
    found = done.json
    assert (found["ok"], found["run_id"], found["status"]) == (True, "r", "completed")
    assert found["objects"] > 0
    assert found["head"] == shell("runs", "verify", "r", "--json").json["head"]
    assert found["key_given"] is False
    assert "give it with --key" in elsewhere("verify", place).err
    assert elsewhere("verify", place, "--key", found["key"]).err == ""
    assert not elsewhere.home.exists()


def test_what_was_changed_is_named_with_its_line_and_its_byte(shell, model, elsewhere):
    ran(shell, model)
    place = exported(shell)
    lines = place.read_bytes().splitlines(keepends=True)
    number = next(n for n, line in enumerate(lines) if b"Hello." in line)
    lines[number] = lines[number].replace(b"Hello.", b"Hallo.")
    place.write_bytes(b"".join(lines))
    done = elsewhere("verify", place, "--json")
    assert done.code == 1
    assert (done.json["ok"], done.json["line"]) == (False, number + 1)
    assert done.json["offset"] == sum(map(len, lines[:number]))
    plain = elsewhere("verify", place)
    assert (plain.code, f"line {number + 1} (byte " in plain.out) == (1, True)


def test_what_is_no_export_or_no_key_is_a_mistake_and_not_a_verdict(elsewhere):
    (elsewhere.workspace / "photo").write_bytes(b"\x89PNG\r\n")
    (elsewhere.workspace / "empty").write_bytes(b"")
    for arguments in (
        ("photo",),
        ("empty",),
        ("missing",),
        (".",),
        ("photo", "--key", "nonsense"),
        ("photo", "--checkpoint", "photo"),
        ("photo", "--checkpoint", "missing"),
    ):
        done = elsewhere("verify", *arguments)
        assert (done.code, done.out) == (2, "")
        assert done.err


def test_an_export_is_compared_with_the_checkpoint_that_somebody_kept(shell, model, elsewhere):
    ran(shell, model)
    kept = shell.workspace / "kept"
    shutil.copy(shell.home / "checkpoint", kept)
    old = exported(shell)
    for n in range(2):
        ran(shell, model, f"more{n}")
    new = shell.workspace / "new"
    assert shell("runs", "export", "r", "--since", kept, "--output", new).code == 0
    assert elsewhere("verify", new, "--checkpoint", kept).code == 0
    rolled_back = elsewhere("verify", old, "--checkpoint", shell.home / "checkpoint")
    assert rolled_back.code == 1
    assert "rolled back" in rolled_back.out


def test_a_database_that_was_rolled_back_or_replaced_is_noticed_and_never_signed(shell, model):
    ran(shell, model)
    earlier = shell.workspace / "earlier.db"
    with shell.database() as db:
        db.execute("VACUUM INTO ?", [str(earlier)])
    ran(shell, model, "later")
    signed = (shell.home / "checkpoint").read_text()
    for leftover in shell.home.glob("callboard.db*"):
        leftover.unlink()
    shutil.copy(earlier, shell.home / "callboard.db")
    verified = shell("runs", "verify", "r")
    assert verified.code == 1
    assert "rolled back" in verified.out
    refused = shell("runs", "export", "r")
    assert refused.code == 1
    assert "rolled back" in refused.err
    assert not (shell.workspace / "r.callboard").exists()
    for n in range(3):
        ran(shell, model, f"again{n}")
    rewritten = shell("runs", "verify", "r")
    assert (rewritten.code, "not those that were signed" in rewritten.out) == (1, True)
    assert (shell.home / "checkpoint").read_text() == signed
    (shell.home / "checkpoint").unlink()
    (shell.home / "log.key").unlink()
    assert shell("runs", "verify", "r").code == 0
    exported(shell, "r")


def test_a_checkpoint_that_is_gone_or_forged_is_noticed(shell, model):
    ran(shell, model)
    place = shell.home / "checkpoint"
    signed = place.read_text()
    assert shell("runs", "verify", "r").code == 0
    place.unlink()
    assert "was removed" in shell("runs", "verify", "r").out
    for forged in (signed.replace("\n1\n", "\n0\n"), "", signed[:-3], "x" * 100_000):
        place.write_text(forged)
        assert shell("runs", "verify", "r").code == 1
    place.write_text(signed)
    assert shell("runs", "verify", "r").code == 0


def test_a_log_that_was_rewritten_with_its_chain_is_not_the_one_that_was_anchored(shell, model):
    ran(shell, model)
    with shell.database() as db:
        db.execute("UPDATE anchor SET hash = ?", ["0" * 64])
    verified = shell("runs", "verify", "r")
    assert verified.code == 1
    assert "not the one that this deployment's log was given" in verified.out
    assert "not those that were signed" in verified.out


def test_runs_are_anchored_when_they_end_fork_or_come_to_a_gate(shell, model):
    rule = {"effect": "ask", "tool": "write_file"}
    shell.agent(toolNames=["write_file", "end_turn"], permissions=[rule])
    model.will(calls(call("write_file", path="a", instructions="x", content="y")))
    assert shell("run", "helper", "--run-id", "r").code == 0
    model.will(say("ok"))
    assert shell("inbox", "decide", "r", "reject").code == 0
    assert shell("runs", "fork", "r", "--at", "3", "--run-id", "f").code == 0
    with shell.database() as db:
        found = db.execute("SELECT run_id, seq, hash FROM anchor ORDER BY position").fetchall()
        heads = dict(db.execute("SELECT run_id, head_hash FROM run").fetchall())
    assert [run_id for run_id, _, _ in found] == ["r", "r", "f"]
    assert found[0][1] < found[1][1]
    assert [digest for _, _, digest in found[1:]] == [heads["r"], heads["f"]]
    assert (shell.home / "checkpoint").read_text().splitlines()[1] == "3"


def test_an_export_never_holds_a_key(shell, model, elsewhere):
    ran(shell, model, text=f"The key is {CANARY}.")
    refused = shell("runs", "export", "r")
    assert refused.code == 2
    assert "holds the value of a key" in refused.err
    assert CANARY not in refused.err
    assert list(shell.workspace.glob("*.callboard*")) == []
    ran(shell, model, "clean")
    content = exported(shell, "clean").read_text()
    assert CANARY not in content
    assert (shell.home / "log.key").read_text().strip() not in content


def test_a_stored_key_is_not_exported_either(shell, model):
    setting = ("credentials", "set", "work", "--provider", "openai")
    stored = shell(*setting, given=b"stored-value-2718281828", CALLBOARD_KEYRING="off")
    assert stored.code == 0, stored.err
    ran(shell, model, text="It is stored-value-2718281828.")
    refused = shell("runs", "export", "r", CALLBOARD_KEYRING="off")
    assert (refused.code, "holds the value of a key" in refused.err) == (2, True)


def test_files_are_left_out_where_that_is_wished_and_the_file_says_so(shell, model, elsewhere):
    ran(shell, model)
    found = elsewhere("verify", exported(shell, "r", "--no-files"), "--json").json
    assert (found["ok"], found["objects"], len(found["absent"])) == (True, 0, 1)


def test_an_export_overwrites_nothing_and_can_go_to_stdout(shell, model, elsewhere):
    ran(shell, model)
    place = exported(shell)
    again = shell("runs", "export", "r")
    assert (again.code, "is there already" in again.err) == (2, True)
    streamed = shell("runs", "export", "r", "--output", "-")
    assert streamed.out.splitlines()[2:] == place.read_text().splitlines()[2:]
    assert shell("runs", "export", "r", "--output", "-", "--json").code == 2
    assert shell("runs", "export", "nobody").code == 2
    assert shell("runs", "export", "r", "--output", "no/such/folder").code == 2
    told = shell("runs", "export", "r", "--output", "b", "--json").json
    assert told["bytes"] == (shell.workspace / "b").stat().st_size
    assert told["lines"] == len((shell.workspace / "b").read_text().splitlines())


def test_the_key_of_the_log_is_private_and_may_come_from_the_environment(shell, model, elsewhere):
    ran(shell, model)
    key = shell.home / "log.key"
    assert key.stat().st_mode & 0o777 == 0o600
    key.chmod(0o644)
    assert "chmod 600" in shell("runs", "export", "r").err
    key.unlink()
    key.symlink_to("/dev/zero")
    assert shell("runs", "export", "r").code == 2
    key.unlink()
    (shell.home / "checkpoint").unlink()
    given = shell("runs", "export", "r", CALLBOARD_LOG_KEY="AAAA" * 10 + "AAA=")
    assert given.code == 0, given.err
    assert not key.exists()
    assert elsewhere("verify", shell.workspace / "r.callboard").code == 0
    wrong = shell("runs", "export", "r", "--output", "x", CALLBOARD_LOG_KEY="short")
    assert (wrong.code, "openssl rand" in wrong.err) == (2, True)


def test_a_log_that_does_not_verify_is_not_exported(shell, model):
    ran(shell, model)
    with shell.database() as db:
        db.execute("DELETE FROM event WHERE seq = 3")
    refused = shell("runs", "export", "r")
    assert refused.code == 1
    assert "event 3" in refused.err


def test_a_run_that_waits_is_exported_as_far_as_it_came(shell, model, elsewhere):
    rule = {"effect": "ask", "tool": "write_file"}
    shell.agent(toolNames=["write_file", "end_turn"], permissions=[rule])
    model.will(calls(call("write_file", path="a", instructions="x", content="y")))
    assert shell("run", "helper", "--run-id", "r").code == 0
    place = exported(shell)
    assert elsewhere("verify", place, "--json").json["status"] == "waiting"
    index = json.loads(place.read_text().splitlines()[-2])
    assert [line["type"] for line in index["approvals"]] == ["gate.opened"]


def test_recorded_files_that_are_gone_are_named_in_the_export(shell, model, elsewhere):
    ran(shell, model)
    blob = hashlib.sha1(b"blob 2\0r\n", usedforsecurity=False).hexdigest()
    (stored,) = shell.home.glob(f"sandbox/trees/*/objects/{blob[:2]}/{blob[2:]}")
    stored.unlink()
    found = elsewhere("verify", exported(shell), "--json").json
    assert found["ok"] is True
    (absent,) = found["absent"]
    assert absent.startswith("tree ")
    assert "not on this machine any more" in absent
    shutil.rmtree(shell.home / "sandbox" / "trees")
    (shell.workspace / "r.callboard").unlink()
    found = elsewhere("verify", exported(shell), "--json").json
    assert (found["ok"], found["objects"]) == (True, 0)
    assert found["absent"]


def test_signing_goes_on_where_what_it_goes_on_from_was_damaged(shell, model):
    ran(shell, model)
    with shell.database() as db:
        db.execute("UPDATE checkpoint SET frontier = x'00'")
    ran(shell, model, "s")
    assert shell("runs", "verify", "s").code == 0
    assert (shell.home / "checkpoint").read_text().splitlines()[1] == "2"
