"""Backups are taken while Callboard works, and what is restored from them verifies."""

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing

import pytest

from tests.cli.shell import CANARY, TIMEOUT_S, call, calls, say


def store_key(shell, **env):
    setting = ("credentials", "set", "main", "--provider", "openrouter")
    assert shell(*setting, given=CANARY.encode(), CALLBOARD_KEYRING="off", **env).code == 0


def work(shell, model, *runs, **env):
    shell.agent(toolNames=["glob", "end_turn"])
    for run_id in runs:
        model.will(calls(call("glob", pattern="*")), say("Done."))
        assert shell("run", "helper", "Go", "--run-id", run_id, **env).code == 0


def test_a_file_is_restored_with_its_runs_its_keys_and_its_proofs(shell, model, tmp_path):
    env = {"CALLBOARD_KEYRING": "off", "OPENROUTER_API_KEY": None}
    store_key(shell)
    work(shell, model, "one", "two", **env)
    shutil.copy(shell.home / "checkpoint", tmp_path)  # before the database, which may be ahead
    copy = tmp_path / "copy.db"
    done = shell("db", "backup", copy, "--json", **env)
    assert done.code == 0
    assert done.json == {"file": str(copy), "bytes": copy.stat().st_size}
    assert copy.stat().st_mode & 0o777 == 0o600
    work(shell, model, "three", **env)

    new = tmp_path / "new home"
    new.mkdir()
    shutil.copy(copy, new / "callboard.db")
    for key in (shell.home / "vault.key", shell.home / "log.key", tmp_path / "checkpoint"):
        shutil.copy(key, new)
    restored = env | {"CALLBOARD_HOME": str(new)}
    rows = shell("runs", "list", "--json", **restored).json
    assert {row["run_id"] for row in rows} == {"one", "two"}
    for run_id in ("one", "two"):
        assert shell("runs", "verify", run_id, **restored).code == 0
    work(shell, model, "four", **restored)
    assert shell("runs", "verify", "four", **restored).code == 0
    assert shell("audit", "verify", **restored).code == 0


def test_a_server_is_restored_with_its_runs_and_its_proofs(
    shell, model, tmp_path, postgres_server, postgres_database
):
    env = {"CALLBOARD_DATABASE_URL": postgres_database}
    work(shell, model, "one", "two", **env)
    refused = shell("db", "backup", tmp_path / "copy.db", **env)
    assert (refused.code, "pg_dump" in refused.err) == (2, True)
    shutil.copy(shell.home / "checkpoint", tmp_path)
    dump, new = tmp_path / "dump", postgres_server.new_database()
    plain = {"PATH": os.environ["PATH"]}

    def tool(name, *arguments):
        program = [postgres_server.command(name), *arguments]
        subprocess.run(program, check=True, timeout=TIMEOUT_S, env=plain, capture_output=True)

    tool("pg_dump", "--format=custom", f"--file={dump}", postgres_database)
    work(shell, model, "three", **env)
    tool("pg_restore", "--no-owner", "--exit-on-error", f"--dbname={new}", str(dump))
    restored = {"CALLBOARD_DATABASE_URL": new, "CALLBOARD_HOME": str(tmp_path / "new home")}
    (tmp_path / "new home").mkdir()
    for name in (shell.home / "log.key", tmp_path / "checkpoint"):
        shutil.copy(name, tmp_path / "new home")
    rows = shell("runs", "list", "--json", **restored).json
    assert {row["run_id"] for row in rows} == {"one", "two"}
    for run_id in ("one", "two"):
        assert shell("runs", "verify", run_id, **restored).code == 0
    work(shell, model, "four", **restored)
    assert shell("runs", "verify", "four", **restored).code == 0


@pytest.mark.parametrize("place", ["copy.db", "no such directory/copy.db"])
def test_a_copy_that_cannot_be_written_is_refused_and_nothing_is_overwritten(
    shell, tmp_path, place
):
    (tmp_path / "copy.db").write_text("kept")
    assert shell("runs", "list").code == 0
    refused = shell("db", "backup", tmp_path / place)
    assert (refused.code, refused.out) == (2, "")
    assert (tmp_path / "copy.db").read_text() == "kept"


def test_a_damaged_database_gives_no_copy(shell, model, tmp_path):
    work(shell, model, "one")
    with shell.database() as raw:
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    path = shell.home / "callboard.db"
    with closing(sqlite3.connect(path)) as raw:
        size = raw.execute("PRAGMA page_size").fetchone()[0]
    content = bytearray(path.read_bytes())
    for page in range(5, len(content) // size):
        content[page * size : page * size + 64] = b"\xff" * 64
    path.write_bytes(content)
    done = shell("db", "backup", tmp_path / "copy.db")
    assert done.code == 2
    assert not (tmp_path / "copy.db").exists()


def test_without_a_database_there_is_nothing_to_copy(shell, tmp_path):
    refused = shell("db", "backup", tmp_path / "copy.db", CALLBOARD_HOME=str(tmp_path / "none"))
    assert (refused.code, "nothing to copy" in refused.err) == (2, True)
    assert not (tmp_path / "copy.db").exists()
