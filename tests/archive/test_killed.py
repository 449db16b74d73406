"""A real process is killed while it puts runs away, again and again: nothing is lost, and the next one goes on."""

import base64
import sqlite3
from contextlib import closing

import pytest

from callboard.usecases.archive_check import problems_of, verify_archive
from callboard.usecases.archive_look import archived_run
from tests.archive.deployment import ROOT, SEED, deployed, opened, told
from tests.cli.shell import Shell

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(300)]


def files(home):
    return sorted(one.name for one in (home / "archive").glob("*"))


def shelved(home):
    with closing(sqlite3.connect(home / "callboard.db")) as db:
        return db.execute("SELECT count(*) FROM shelf").fetchone()[0]


def killed_as_soon_as(shell, happened):
    """Kill a process in the middle of its work, if it is not quicker; return its exit code."""
    running = shell.start("archive", "put", "--before", "2026-03-01")
    while running.process.poll() is None and not happened():
        pass
    return running.kill().code


async def test_a_killed_process_loses_nothing(tmp_path):
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    async with deployed(home) as there:
        runs = [await there.worked(f"Task {number}") for number in range(12)]
        before = await there.logs(*runs)
    shell = Shell(home, tmp_path, {"CALLBOARD_LOG_KEY": base64.b64encode(SEED).decode()})
    moments = (
        lambda: any(name.endswith(".part") for name in files(home)),
        lambda: any(name.endswith(".zip") for name in files(home)),
        lambda: shelved(home) >= 4,
    )
    codes = []
    for happened in moments:
        codes.append(killed_as_soon_as(shell, happened))
        async with opened(home) as there:
            assert {run: await told(there, run) for run in runs} == before
            assert problems_of(await verify_archive(there.app, ROOT)) == []
    assert codes[0] == -9
    assert shell("archive", "put", "--before", "2026-03-01").code == 0
    async with opened(home) as there:
        shown = {run: (await archived_run(there.app, ROOT, run))[0].sealed for run in runs}
        assert shown == before
        assert problems_of(await verify_archive(there.app, ROOT)) == []
    assert files(home) == [".lock", "2026-01.zip"]
