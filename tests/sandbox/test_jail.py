"""The jail as a thing that lasts: what commands may do to it, and what happens when it ends."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callboard.ports.workspace import CommandRequest
from callboard.sandbox.commands.lane import Ended, Lane, understood
from callboard.testing.workspace.commands import running, sh

from .conftest import GIT_ENVIRONMENT, KINDS
from .test_commands import unique_marker

pytestmark = pytest.mark.anyio


def git(root, *arguments):
    subprocess.run(["git", *arguments], cwd=root, env=GIT_ENVIRONMENT, check=True)


async def jail_of(commands):
    return await commands._jail.get()


async def test_commands_share_one_jail(commands):
    await sh(commands, "true")
    first = await jail_of(commands)
    await asyncio.gather(*(sh(commands, "true") for _ in range(3)))
    await sh(commands, "sleep 600", timeout_s=0.2)
    assert await jail_of(commands) is first
    assert first.alive


async def test_a_timeout_spares_the_background_and_its_neighbours(commands):
    marker = unique_marker()
    await commands.start(CommandRequest(f"touch up; sleep {marker}"))
    await sh(commands, "until [ -e up ]; do :; done")
    neighbour = asyncio.create_task(sh(commands, "until [ -e go ]; do :; done; echo alive"))
    assert (await sh(commands, "setsid sleep 600 & sleep 600", timeout_s=0.2)).timed_out
    await sh(commands, "touch go")
    assert (await neighbour).stdout == "alive\n"
    assert running(marker)


async def test_a_jail_that_was_killed_is_an_error_outcome_and_the_next_command_has_another(
    commands,
):
    marker = unique_marker()
    task = asyncio.create_task(sh(commands, f"touch up; sleep {marker}"))
    await sh(commands, "until [ -e up ]; do :; done")
    first = await jail_of(commands)
    os.kill(first.pid, signal.SIGKILL)
    result = await asyncio.wait_for(_ended(task, first), 60)
    assert result.exit_code not in {0, None}
    assert (await sh(commands, "echo again")).stdout == "again\n"
    assert await jail_of(commands) is not first
    assert not running(marker)


async def _ended(task, jail):
    """Where only the server was killed, its lanes go on until they are let go."""
    await jail._process.wait()
    await jail.close()
    return await task


EVERYTHING = """
import os, signal
for pid in range(1, 4000):
    for number in (signal.SIGKILL, signal.SIGSTOP):
        if pid not in (os.getpid(), os.getppid()):
            try:
                os.kill(pid, number)
            except OSError:
                pass
"""


async def test_whatever_a_command_kills_the_next_one_runs(commands, root, tmp_path):
    (root / "kill.py").write_text(EVERYTHING)
    await sh(commands, "python kill.py; kill -9 -1")
    assert (await sh(commands, "echo again")).stdout == "again\n"


PEEK = """
import os
def readable(path):
    try:
        if path.endswith(("environ", "mem", "maps")):
            open(path).read(1)
        else:
            os.readlink(path)
    except OSError:
        return False
    return True
for pid in {1, os.getppid(), *range(2, 50)} - {os.getpid()}:
    try:
        if "launcher" not in open(f"/proc/{pid}/cmdline").read():
            continue
    except OSError:
        continue
    names = ("environ", "mem", "maps", "cwd", "exe", *(f"fd/{fd}" for fd in range(20)))
    print(*(path for path in (f"/proc/{pid}/{name}" for name in names) if readable(path)))
print("done")
"""


async def test_the_server_cannot_be_looked_into(commands, root):
    (root / "peek.py").write_text(PEEK)
    result = await sh(commands, "python peek.py")
    assert result.stdout.split() == ["done"]


async def test_only_the_three_streams_are_open_in_a_command(commands):
    script = "import os; print([fd for fd in range(3, 200) if not os.system(f'true <&{fd}') ])"
    quiet = await sh(commands, f'python -c "{script}" 2>/dev/null')
    assert quiet.stdout == "[]\n"


async def test_a_command_that_is_not_there_says_so_and_harms_nothing(commands):
    result = await sh(commands, "no-such-program")
    assert result.exit_code == 127
    assert (await sh(commands, "echo fine")).stdout == "fine\n"


PLANT_THEN_WAIT = "mkdir -p .git/hooks; echo evil > .git/hooks/pre-commit; touch planted; sleep 600"
CALLER = """
    import asyncio, sys
    from pathlib import Path
    from callboard.ports.workspace import CommandRequest
    from callboard.sandbox.workspaces import open_workspaces

    async def main():
        workspaces = open_workspaces(Path(sys.argv[1]), kinds=(sys.argv[3],))
        workspace = await workspaces.open(sys.argv[2])
        await workspace.commands.run(CommandRequest(sys.argv[4], timeout_s=None))

    asyncio.run(main())
"""


@pytest.mark.parametrize("kind", KINDS)
def test_when_the_caller_is_killed_everything_ends_and_hooks_are_gone(tmp_path, root, kind):
    marker = unique_marker()
    git(root, "init", "--quiet")
    command = PLANT_THEN_WAIT.replace("600", marker)
    script = textwrap.dedent(CALLER)
    caller = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path / "state"), str(root), kind, command]
    )
    while not (root / "planted").exists() or not running(marker):
        assert caller.poll() is None
    caller.kill()
    caller.wait()
    while running(marker) or (root / ".git" / "hooks" / "pre-commit").exists():
        pass
    assert not Path(root, ".git", "hooks", "pre-commit").exists()


async def test_what_one_command_plants_beside_another_is_undone(commands, root):
    git(root, "init", "--quiet")
    config = (root / ".git" / "config").read_bytes()
    plant = "echo evil > .git/commondir; echo '[alias] x = !y' >> .git/config; touch {own}; until [ -e {other} ]; do :; done"
    await asyncio.gather(
        sh(commands, plant.format(own="one", other="two")),
        sh(commands, plant.format(own="two", other="one")),
    )
    await sh(commands, "true")
    assert (root / ".git" / "config").read_bytes() == config
    assert not (root / ".git" / "commondir").exists()


async def test_what_the_user_changes_between_commands_stays(commands, root):
    git(root, "init", "--quiet")
    await sh(commands, "true")
    git(root, "config", "user.name", "Ann")
    result = await sh(commands, "git config user.name")
    assert "Ann" in (root / ".git" / "config").read_text()
    assert result.stdout == "Ann\n"


@given(st.binary(max_size=200))
def test_an_answer_is_understood_or_counts_as_a_lost_lane(answer):
    ended = understood(answer)
    assert ended.word in {"exit", "killed", "failed", "lost"}
    assert ended.exit_code is None or 0 <= ended.exit_code < 1128


@pytest.mark.parametrize(
    "answer", [b"", b"\xff\xff\xff\xff", b"\x05\x00\x00\x00exit", b"\x00\x00\x00\x00"]
)
async def test_a_frame_that_no_lane_sends_loses_the_lane(answer):
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    lane = Lane(ours)
    ended = await lane.begin(["true"], "/", {}, [2])
    theirs.sendall(answer)
    theirs.close()
    assert await ended == Ended("lost", "")
    assert lane.closed


async def test_a_lane_that_speaks_unasked_is_lost():
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    lane = Lane(ours)
    ended = await lane.begin(["true"], "/", {}, [2])
    theirs.sendall(b"\x06\x00\x00\x00exit 0")
    assert (await ended).exit_code == 0
    assert lane.free
    theirs.sendall(b"\x06\x00\x00\x00exit 1")
    async with asyncio.timeout(60):
        while not lane.closed:  # noqa: ASYNC110 - nobody waits for it
            await asyncio.sleep(0)
    assert not lane.free
    theirs.close()
