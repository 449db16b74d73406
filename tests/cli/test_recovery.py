"""Runs whose process is killed, and what other processes may do with runs."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.cli.shell import HANG, Model, call, calls, command, say

pytestmark = pytest.mark.timeout(300)


def killed_in_a_model_call(shell, model, run_id="r", **fields):
    """A run with one finished turn, killed while the model was asked for the second time."""
    shell.agent(toolNames=["list_directory", "end_turn"], **fields)
    model.will(calls(call("list_directory", path="."), cost_usd="0.5"), HANG)
    running = shell.start("run", "helper", "--json", "--run-id", run_id)
    running.until("tool_call.completed")
    running.until("model_call.started")
    model.wait_until_asked()
    return running.kill()


def test_a_run_killed_in_a_model_call_goes_on_at_once_and_pays_nothing_twice(shell, model):
    killed = killed_in_a_model_call(shell, model)
    assert killed.code == -9
    model.will(say("Finished.", cost_usd="0.25"))
    resumed = shell("runs", "resume", "r", "--json")
    assert resumed.code == 0
    assert resumed.types[0] == "run.resumed"
    assert resumed.events[-1]["output"]["value"] == "Finished."
    assert resumed.events[-1]["cost_usd"] == 0.75
    assert len(model.received) == 3
    shown = shell("runs", "show", "r", "--json")
    assert shown.out == killed.out + resumed.out
    assert shell("runs", "verify", "r").code == 0
    again = shell("runs", "resume", "r", "--json")
    assert (again.code, again.out) == (0, "")
    quiet = shell("runs", "resume", "r")
    assert (quiet.code, quiet.out) == (0, "")
    assert shell("runs", "show", "r", "--json").out == shown.out
    assert len(model.received) == 3


def test_lists_tell_what_is_under_way_from_what_has_stopped(shell, model):
    killed_in_a_model_call(shell, model)
    assert shell("runs", "fork", "r", "--at", "1", "--run-id", "fork").code == 0
    model.will(HANG)
    running = shell.start("run", "helper", "--json", "--run-id", "alive")
    running.until("model_call.started")
    listed = shell("runs", "list")
    rows = {line.split()[0]: line.split()[1] for line in listed.out.splitlines()[1:]}
    assert rows == {"alive": "running", "fork": "stopped", "r": "stopped"}
    assert "runs resume RUN" in listed.err
    stopped = {one["run_id"]: one["stopped"] for one in shell("runs", "list", "--json").json}
    assert stopped == {"alive": False, "fork": True, "r": True}
    assert "runs resume r\n" in shell("runs", "show", "r").out
    assert "runs resume" not in shell("runs", "show", "alive").out
    running.kill()


def test_an_interrupted_command_is_not_repeated_and_the_model_is_told(shell, model):
    shell.agent(toolNames=["run_terminal_command", "end_turn"])
    model.will(command("echo once >> ran; sleep 1000", call_id="c_cut"))
    running = shell.start("run", "helper", "--json", "--run-id", "r")
    running.until("tool_call.started")
    wait_for(shell.workspace / "ran")
    killed = running.kill()
    model.will(say("I will look first."))
    resumed = shell("runs", "resume", "r", "--json")
    assert resumed.code == 0
    assert "tool_call.interrupted" in resumed.types
    (told,) = [m for m in model.last_messages() if m["role"] == "tool"]
    assert "outcome" in told["content"]
    assert "unknown" in told["content"]
    assert (shell.workspace / "ran").read_text() == "once\n"
    assert len(model.received) == 2
    assert shell("runs", "show", "r", "--json").out == killed.out + resumed.out
    thread = shell("runs", "show", "r").out
    assert "outcome unknown" in thread


def wait_for(path):
    """Wait, on the kernel's word and not on a clock, until a file is there with something in it."""
    script = f'until [ -s "{path}" ]; do read -t 0.05 <> <(:) || true; done'
    subprocess.run(["bash", "-c", script], timeout=20, check=True)


def test_a_run_that_asks_a_person_about_an_unknown_outcome_waits_for_one(shell, model):
    shell.agent(toolNames=["run_terminal_command", "end_turn"], onUnknownOutcome="ask")
    model.will(command("echo once >> ran; [ -e again ] || { touch again; sleep 1000; }"))
    running = shell.start("run", "helper", "--json", "--run-id", "r")
    wait_for(shell.workspace / "ran")
    running.kill()
    asked = shell("runs", "resume", "r", "--json")
    assert asked.types[-1] == "gate.opened"
    assert len(model.received) == 1
    (gate,) = shell("inbox", "list", "--json").json
    assert gate["reason"] == "outcome_unknown"
    model.will(say("Good."))
    decided = shell("inbox", "decide", "r", "approve", "--json")
    assert (decided.code, decided.types[-1]) == (0, "run.completed")
    assert (shell.workspace / "ran").read_text() == "once\nonce\n"


def test_sigint_cancels_sub_agents_before_their_parent(shell, model):
    shell.agent("boss", toolNames=["spawn_agents"], spawnableAgents=["mate"])
    shell.agent("mate")
    model.will(calls(call("spawn_agents", agents=[{"agent_type": "mate", "prompt": "go"}])), HANG)
    running = shell.start("run", "boss", "--json", "--run-id", "r")
    running.until("child_run.started")
    model.wait_until_asked()
    done = running.interrupt()
    assert done.code == 130
    ends = [event["run_id"] for event in done.events if event["type"] == "run.cancelled"]
    assert len(ends) == 2
    assert ends[-1] == done.events[-1]["run_id"] == "r"
    assert shell("runs", "show", "r", "--json").out == done.out


def test_only_one_process_drives_a_run(shell, model):
    shell.agent()
    model.will(HANG)
    running = shell.start("run", "helper", "--json", "--run-id", "r")
    running.until("model_call.started")
    model.wait_until_asked()
    before = shell.stored("r")
    second = shell("runs", "resume", "r", "--json")
    assert (second.code, second.out) == (2, "")
    assert "r" in second.err
    assert shell.stored("r") == before
    assert shell("runs", "resume", "--all").code == 0
    assert len(model.received) == 1
    cancelled = shell("runs", "cancel", "r", "--reason", "enough", "--json")
    assert cancelled.code == 0
    assert cancelled.json["status"] == "cancelled"
    ended = running.finish()
    assert (ended.code, ended.types[-1]) == (1, "run.cancelled")
    assert "enough" in ended.events[-1]["output"]["message"]
    assert "ann" in ended.events[-1]["output"]["message"]


def test_a_run_whose_process_died_can_be_cancelled(shell, model):
    killed_in_a_model_call(shell, model)
    cancelled = shell("runs", "cancel", "r")
    assert (cancelled.code, cancelled.out) == (0, "")
    shown = shell("runs", "show", "r", "--json")
    assert shown.types[-1] == "run.cancelled"
    assert shown.events[-1]["cost_usd"] == 0.5
    assert shell("runs", "resume", "r").code == 1
    assert shell("runs", "cancel", "r", "--json").json["status"] == "cancelled"
    assert shell("runs", "show", "r", "--json").out == shown.out
    assert len(model.received) == 2


def test_every_printed_event_is_in_the_log_already(shell, model):
    shell.agent(toolNames=["list_directory", "end_turn"])
    model.will(*(calls(call("list_directory", f"c{n}", path=".")) for n in range(3)), HANG)
    running = shell.start("run", "helper", "--json", "--run-id", "r")
    while True:
        event = json.loads(running.line())
        assert event in shell.stored("r")
        if event["type"] == "model_call.started" and event["turn"] == 4:
            break
    killed = running.kill()
    assert killed.events == shell.stored("r")[: len(killed.events)]


def test_a_missing_key_leaves_a_run_that_was_killed_as_it_is(shell, model):
    killed_in_a_model_call(shell, model)
    before = shell.stored("r")
    refused = shell("runs", "resume", "r", OPENROUTER_API_KEY=None)
    assert refused.code == 2
    assert "OPENROUTER_API_KEY" in refused.err
    assert shell.stored("r") == before
    model.will(say("ok"))
    assert shell("runs", "resume", "r").out == "ok\n"


def test_resuming_finds_sub_agents_where_the_run_found_them(shell, model, tmp_path):
    folder = tmp_path / "elsewhere"
    shell.agent("boss", folder=folder, toolNames=["spawn_agents"], spawnableAgents=["mate"])
    shell.agent("mate", folder=folder)
    model.will(HANG)
    running = shell.start("run", "boss", "--agents", "../elsewhere", "--json", "--run-id", "r")
    model.wait_until_asked()
    running.kill()
    agents = [{"agent_type": "mate", "prompt": "go"}]
    model.will(calls(call("spawn_agents", agents=agents)), say("mate speaks"), say("done"))
    resumed = shell("runs", "resume", "r", "--json")
    assert resumed.code == 0
    assert "child_run.ended" in resumed.types
    assert resumed.types.count("run.completed") == 2


def test_resume_all_drives_every_unfinished_run_and_exits_1_where_one_fails(shell, model):
    with Model() as other:
        own = {"provider": "self-hosted", "baseUrl": f"{other.url}/v1"}
        shell.agent("other", **own)
        other.will(HANG)
        killed_in_a_model_call(shell, model, run_id="first")
        running = shell.start("run", "other", "--json", "--run-id", "second")
        other.wait_until_asked()
        running.kill()
        model.will(say("one"))
        other.will(say("two"))
        done = shell("runs", "resume", "--all")
        assert (done.code, done.out) == (0, "")
        rows = {row["run_id"]: row["status"] for row in shell("runs", "list", "--json").json}
        assert rows == {"first": "completed", "second": "completed"}
        assert shell("runs", "resume", "--all", "--json").out == ""
        failing = shell("runs", "fork", "first", "--at", "1", "--json").json["run_id"]
        limits = say("", calls=(call("list_directory", path="."),))
        model.will(limits, *(say("", finish="length", reasoning="x") for _ in range(9)))
        failed = shell("runs", "resume", "--all", "--json")
        assert failed.code == 1
        assert failed.events[-1]["run_id"] == failing
    assert shell("runs", "resume").code == 2
    assert shell("runs", "resume", "first", "--all").code == 2


def test_a_fork_at_any_position_runs_to_the_same_end(shell, model):
    shell.agent(toolNames=["list_directory", "run_terminal_command", "end_turn"])
    turns = (calls(call("list_directory", path=".")), command("echo x >> ran", "c2"), say("End."))
    model.will(*turns)
    whole = shell("run", "helper", "--json", "--run-id", "r")
    last = len(whole.events)
    for at in (1, 7, last):
        forked = shell("runs", "fork", "r", "--at", at, "--json")
        assert forked.code == 0
        new_id = forked.json["run_id"]
        asked = len(model.received)
        done_turns = [e["turn"] for e in whole.events[:at] if e["type"] == "model_call.completed"]
        model.will(*turns[len(done_turns) :])
        resumed = shell("runs", "resume", new_id, "--json")
        assert resumed.code == 0
        assert len(model.received) - asked == 3 - len(done_turns)
        shown = shell("runs", "show", new_id, "--json")
        assert shown.events[-1]["output"]["value"] == "End."
        assert {event["run_id"] for event in shown.events} == {new_id}
        assert shell("runs", "verify", new_id).code == 0
    assert shell("runs", "show", "r", "--json").out == whole.out
    for at in (0, last + 1):
        refused = shell("runs", "fork", "r", "--at", at)
        assert refused.code == 2
        assert "--at" in refused.err


def test_a_fork_works_on_the_files_of_then_in_a_place_of_its_own(shell, model):
    shell.agent(toolNames=["write_file", "end_turn"])
    write = call("write_file", path="a.txt", instructions="", content="first")
    over = call("write_file", "c2", path="a.txt", instructions="", content="second")
    model.will(calls(write), calls(over), say("End."))
    whole = shell("run", "helper", "--json", "--run-id", "r")
    assert (shell.workspace / "a.txt").read_text().strip() == "second"
    changed = [e["seq"] for e in whole.events if e["type"] == "files.changed" and e["changes"]]
    forked = shell("runs", "fork", "r", "--at", changed[0], "--prompt", "Stop here.", "--json").json
    place = Path(forked["workspace"])
    assert (place / "a.txt").read_text().strip() == "first"
    model.will(calls(call("write_file", path="b.txt", instructions="", content="x")), say("Done."))
    assert shell("runs", "resume", forked["run_id"], "--json").code == 0
    assert (place / "b.txt").exists()
    assert not (shell.workspace / "b.txt").exists()
    assert "Stop here." in shell("runs", "show", forked["run_id"], "--json").out


def test_a_fork_in_the_middle_of_a_command_does_not_repeat_it(shell, model):
    """Also where the run was resumed before: epochs of the old log mean nothing in the new one."""
    shell.agent("worker", toolNames=["run_terminal_command", "end_turn"])
    model.will(HANG)
    first = shell.start("run", "worker", "--json", "--run-id", "w")
    first.until("model_call.started")
    model.wait_until_asked()
    first.kill()
    model.will(command("echo once >> ran"), say("Done."))
    resumed = shell("runs", "resume", "w", "--json")
    started = next(e["seq"] for e in resumed.events if e["type"] == "tool_call.started")
    new_id = shell("runs", "fork", "w", "--at", started, "--json").json["run_id"]
    model.will(say("I know nothing."))
    assert "tool_call.interrupted" in shell("runs", "resume", new_id, "--json").types
    assert (shell.workspace / "ran").read_text() == "once\n"


@pytest.fixture
def big(shell, model):
    """A finished run with a child and a payload in a blob, and a pristine copy of its database."""
    shell.agent("boss", toolNames=["read_files", "spawn_agents"], spawnableAgents=["mate"])
    shell.agent("mate")
    (shell.workspace / "big.txt").write_text("0123456789abcdef\n" * 4000)
    agents = [{"agent_type": "mate", "prompt": "go"}]
    model.will(calls(call("read_files", paths=["big.txt"])))
    model.will(calls(call("spawn_agents", agents=agents)), say("mate"), say("done"))
    assert shell("run", "boss", "--run-id", "r").code == 0
    return shell


TAMPERINGS = {
    "an altered event": "UPDATE event SET body = CAST(replace(CAST(body AS TEXT), 'boss', 'b0ss') AS BLOB) WHERE run_id='r' AND seq=1",
    "an altered hash": f"UPDATE event SET hash = '{'0' * 64}' WHERE run_id='r' AND seq=3",
    "a deleted event": "DELETE FROM event WHERE run_id='r' AND seq=4",
    "a cut log": "DELETE FROM event WHERE run_id='r' AND seq >= (SELECT max(seq) FROM event WHERE run_id='r')",
    "an empty log": "DELETE FROM event WHERE run_id='r'",
    "swapped events": "UPDATE event SET seq = CASE seq WHEN 3 THEN -4 ELSE -3 END WHERE run_id='r' AND seq IN (3, 4); UPDATE event SET seq = -seq WHERE seq < 0",
    "swapped bodies": "UPDATE event SET body = (SELECT body FROM event WHERE run_id='r' AND seq=4) WHERE run_id='r' AND seq=3",
    "events shown in another order": "UPDATE event SET position = -position WHERE run_id='r' AND seq IN (3)",
    "an altered blob": "UPDATE blob SET content = X'00'",
    "a deleted blob": "DELETE FROM blob",
    "an altered cost": "UPDATE run SET known_nano_usd = 5 WHERE run_id='r'",
    "an altered status": "UPDATE run SET status = 'failed' WHERE run_id='r'",
    "a deleted row": "DELETE FROM run WHERE run_id='r'",
    "a moved head": "UPDATE run SET head = head - 1 WHERE run_id='r'",
    "an altered child": "UPDATE event SET body = CAST(replace(CAST(body AS TEXT), 'mate', 'm4te') AS BLOB) WHERE run_id LIKE 'r.%'",
    "a deleted child": "DELETE FROM event WHERE run_id LIKE 'r.%'; DELETE FROM run WHERE run_id LIKE 'r.%'",
    "an orphaned child": "UPDATE run SET parent_id = NULL WHERE run_id LIKE 'r.%'",
}


def test_verify_exits_1_after_any_tampering(big):
    verified = big("runs", "verify", "r", "--json")
    assert verified.code == 0
    assert (verified.json["ok"], verified.json["runs"]) == (True, 2)
    head = verified.json["head"]
    assert big("runs", "verify", "r", "--head", head).code == 0
    assert big("runs", "verify", "r", "--head", "0" * 64).code == 1
    file = big.home / "callboard.db"
    with big.database() as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    pristine = file.read_bytes()
    missed = []
    for name, statements in TAMPERINGS.items():
        for side in ("callboard.db-wal", "callboard.db-shm"):
            (big.home / side).unlink(missing_ok=True)
        file.write_bytes(pristine)
        with big.database() as db:
            before = db.total_changes
            db.executescript(statements)
            assert db.total_changes > before, name
        found = big("runs", "verify", "r", "--json")
        if found.code != 1 or found.json["ok"] or not found.json["problems"]:
            missed.append((name, found))
    assert not missed


def test_a_log_that_cannot_be_read_is_no_traceback(big):
    with big.database() as db:
        db.execute("UPDATE event SET body = X'7b7d' WHERE run_id='r' AND seq = 2")
    for verb in ("show", "verify", "resume"):
        assert big("runs", verb, "r").code in (1, 2)


def test_unknown_runs_exit_2_whatever_one_wants_of_them(bare):
    for verb in (("show",), ("resume",), ("cancel",), ("verify",), ("fork", "--at", "1")):
        done = bare("runs", *verb, "nothing-here", "--json")
        assert (done.code, done.out) == (2, ""), verb
        assert "nothing-here" in done.err
        assert len(done.err.splitlines()) == 1


def test_an_empty_home_lists_nothing(bare):
    assert bare("runs", "list", "--json").out == "[]\n"
    assert bare("inbox", "list", "--json").out == "[]\n"
    assert bare("runs", "list", "--status", "odd").code == 2
