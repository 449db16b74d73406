"""Runs that were put away, from the terminal."""

import json
import zipfile
from datetime import datetime, timedelta, timezone

import pytest

from tests.cli.shell import call, calls, say

pytestmark = pytest.mark.timeout(300)


def tomorrow():
    """A day before which everything ended that has ended by now."""
    return f"{datetime.now(timezone.utc).date() + timedelta(days=1)}"


def ran(shell, model, run_id="r", text="Hello.", **env):
    shell.agent(toolNames=["write_file", "end_turn"])
    content = f"{run_id}\n"
    model.will(calls(call("write_file", path="a.md", instructions="x", content=content)), say(text))
    assert shell("run", "helper", "Go.", "--run-id", run_id, **env).code == 0


def put(shell, *options, **env):
    return shell("archive", "put", "--before", tomorrow(), *options, **env)


def files(shell):
    return sorted(one.name for one in (shell.home / "archive").glob("*"))


def test_a_run_is_read_from_its_file_as_it_was_from_the_database(shell, model):
    ran(shell, model, "r", "Hello archive.")
    events, thread = shell("runs", "show", "r", "--json").out, shell("runs", "show", "r").out
    assert put(shell, "--dry-run").out.startswith("r  ")
    assert not (shell.home / "archive").exists()
    done = put(shell, "--json")
    assert done.code == 0
    ((away,), left) = (done.json["away"], done.json["left"])
    assert (away["run_id"], away["runs"], left) == ("r", 1, [])
    shown = shell("archive", "show", "r", "--json")
    assert (shown.code, shown.out) == (0, events)
    told = shell("archive", "show", "r")
    assert (told.code, told.out) == (0, thread)
    assert f"callboard archive verify {away['file']}" in told.err
    (listed,) = shell("archive", "list", "--json").json
    assert (listed["file"], listed["runs"], listed["is_there"]) == (away["file"], 1, True)
    (hit,) = [
        json.loads(line)
        for line in shell("archive", "search", "hello ARCHIVE", "--json").out.splitlines()
    ][:1]
    assert hit["run_id"] == "r"
    assert "Hello archive." in hit["excerpt"]
    assert "Hello archive." in shell("archive", "search", "hello archive").out
    checked = shell("archive", "verify", "--json")
    assert (checked.code, [one["ok"] for one in checked.json]) == (0, [True])
    assert shell("archive", "verify", away["file"]).code == 0
    assert "r " in shell("runs", "list").out
    assert shell("usage", "--json").json["total"]["calls"] == 2


def test_every_other_command_says_where_the_run_lies(shell, model):
    ran(shell, model)
    assert put(shell).code == 0
    for command in (
        ("runs", "show", "r"),
        ("runs", "show", "r", "--json"),
        ("runs", "show", "r", "--at", "2"),
        ("runs", "resume", "r"),
        ("runs", "cancel", "r"),
        ("runs", "steer", "r", "faster"),
        ("runs", "fork", "r", "--at", "2"),
        ("runs", "verify", "r"),
        ("runs", "export", "r", "--output", "-"),
        ("runs", "diff", "r", "r"),
        ("run", "helper", "Go on.", "--continue", "r"),
    ):
        done = shell(*command)
        assert (done.code, done.out) == (2, ""), command
        assert "was put away into" in done.err, command
        assert "callboard archive show r" in done.err, command


def test_what_is_wrong_with_a_file_is_said_with_exit_code_1(shell, model):
    ran(shell, model)
    put(shell)
    (name,) = [name for name in files(shell) if name.endswith(".zip")]
    place = shell.home / "archive" / name
    place.write_bytes(place.read_bytes()[:-200])
    done = shell("archive", "verify", "--json")
    assert (done.code, done.json[0]["ok"]) == (1, False)
    assert shell("archive", "show", "r").code == 2
    place.unlink()
    assert "missing" in shell("archive", "list").out
    assert shell("archive", "verify").code == 1


def test_mistakes_are_told_without_a_traceback(bare):
    for wrong in (("put", "--before", "May"), ("put", "--before", "2099-01-01"), ("search", " ")):
        done = bare("archive", *wrong)
        assert (done.code, done.out) == (2, ""), wrong
    assert bare("archive", "show", "nothing").code == 2
    assert bare("archive", "verify", "2026-05.zip").code == 2
    assert bare("archive", "verify").code == 0
    assert bare("archive", "list", "--json").json == []


def test_an_archive_may_be_elsewhere_and_without_the_recorded_files(shell, model, tmp_path):
    ran(shell, model)
    place = tmp_path / "vault" / "old runs"
    env = {"CALLBOARD_ARCHIVE": str(place)}
    assert put(shell, "--no-files", **env).code == 0
    assert len(list(place.glob("*.zip"))) == 1
    assert shell("archive", "verify", **env).code == 0
    done = shell("archive", "show", "r")
    assert done.code == 2
    assert "CALLBOARD_ARCHIVE" in done.err


def test_recorded_files_are_in_the_archive_too(shell, model, tmp_path):
    ran(shell, model)
    put(shell)
    (name,) = [name for name in files(shell) if name.endswith(".zip")]
    with zipfile.ZipFile(shell.home / "archive" / name) as archive:
        (tmp_path / "r.callboard").write_bytes(archive.read("r.callboard"))
    found = shell("verify", tmp_path / "r.callboard", "--json")
    assert (found.code, found.json["objects"] > 0) == (0, True)


def test_on_postgresql_too(shell, model, postgres_database):
    env = {"CALLBOARD_DATABASE_URL": postgres_database}
    ran(shell, model, "r", **env)
    events = shell("runs", "show", "r", "--json", **env).out
    assert put(shell, **env).code == 0
    assert shell("archive", "show", "r", "--json", **env).out == events
    assert shell("archive", "verify", **env).code == 0
    assert shell("runs", "show", "r", **env).code == 2
    ran(shell, model, "s", **env)
    assert shell("runs", "verify", "s", **env).code == 0


def test_a_database_is_compacted_where_it_is_a_file_and_left_to_its_server_elsewhere(
    shell, postgres_url
):
    done = shell("db", "compact", "--json")
    assert done.code == 0
    assert 0 < done.json["bytes"] <= done.json["bytes_before"]
    refused = shell("db", "compact", CALLBOARD_DATABASE_URL=postgres_url)
    assert (refused.code, refused.out, "autovacuum" in refused.err) == (2, "", True)
