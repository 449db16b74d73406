"""What confinement costs a command: a plain subprocess against a command in a jail, measured in turn.

Both have the environment that commands have there: with a language in it, programs read files that they leave alone
without one.
"""

import asyncio
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import median

from callboard.domain.errors import SandboxUnavailable
from callboard.ports.workspace import CommandRequest, Commands
from callboard.sandbox.commands.policy import Kind
from callboard.sandbox.workspaces import open_workspaces

ROUNDS = 300
SETTLED_S = 1.1  # until then, git's control files are too new to be compared by their times
COMMANDS = {"true": ["/bin/true"], "git status": ["git", "status", "--short"]}
KINDS: tuple[Kind, ...] = ("bubblewrap", "landlock")
TARGET = "≤ 0.5 over plain"
ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/nonexistent"}


def _repository(place: Path) -> None:
    place.mkdir()
    for argv in (["init", "--quiet"], ["config", "gc.auto", "0"]):
        subprocess.run(["git", *argv], cwd=place, env=ENVIRONMENT, check=True)
    for number in range(50):
        (place / f"{number}.txt").write_text("text\n")


async def _plain(argv: list[str], place: Path, env: dict[str, str]) -> None:
    """The plainest way: it blocks."""
    subprocess.run(argv, cwd=place, env=env, capture_output=True, check=True)  # noqa: ASYNC221


async def _awaited(argv: list[str], place: Path, env: dict[str, str]) -> None:
    """The way that a server would have to take: it does not block."""
    process = await asyncio.create_subprocess_exec(
        *argv,
        cwd=place,
        env=env,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    await process.communicate()


async def _confined(argv: list[str], commands: Commands) -> None:
    result = await commands.run(CommandRequest("", argv=argv))
    assert result.exit_code == 0, result


async def _ms(work: Callable[[], Awaitable[None]]) -> float:
    began = time.perf_counter()
    await work()
    return (time.perf_counter() - began) * 1000


async def _rows(kind: Kind, place: Path) -> list[dict[str, object]]:
    root = place / "repository"
    _repository(root)
    workspaces = open_workspaces(place / "state", kinds=(kind,))
    workspace = await workspaces.open(str(root))
    commands = workspace.commands
    rows: list[dict[str, object]] = []
    try:
        first = await _ms(lambda: _confined(["/bin/true"], commands))
        rows.append({"what": f"{kind}: the first command, with the trial", "jail ms": round(first)})
        await asyncio.sleep(SETTLED_S)
        for name, argv in COMMANDS.items():
            rows.append({"what": f"{kind}: {name}", **await _compared(argv, root, commands)})
    finally:
        await workspace.close()
    return rows


async def _environment(commands: Commands) -> dict[str, str]:
    """Return the variables that commands have in the jail."""
    result = await commands.run(CommandRequest("", argv=["env", "-0"]))
    pairs = (line.partition("=") for line in result.stdout.split("\0") if line)
    return {name: value for name, _, value in pairs}


async def _compared(argv: list[str], root: Path, commands: Commands) -> dict[str, object]:
    env = await _environment(commands)
    ways = (
        lambda: _plain(argv, root, env),
        lambda: _awaited(argv, root, env),
        lambda: _confined(argv, commands),
    )
    times = [[await _ms(way) for way in ways] for _ in range(ROUNDS)][ROUNDS // 10 :]
    plain, awaited, jail = (median(column) for column in zip(*times, strict=True))
    return {
        "plain ms": round(plain, 2),
        "asyncio ms": round(awaited, 2),
        "jail ms": round(jail, 2),
        "over plain": round(median(row[2] - row[0] for row in times), 2),
        "target": TARGET,
    }


async def _measured() -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for kind in KINDS:
        with tempfile.TemporaryDirectory() as place:
            try:
                rows += await _rows(kind, Path(place))
            except SandboxUnavailable:
                rows.append({"what": f"{kind}: not to be had on this machine"})
    return rows


def main() -> list[dict[str, object]]:
    """Measure each confinement that starts here."""
    return asyncio.run(_measured())
