"""What it costs that a run can go on elsewhere: a change of one file that is kept as a pack in PostgreSQL, against one that is
recorded here only; and taking the run over elsewhere, by its changes.
"""

import asyncio
import os
import subprocess
import tempfile
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median
from typing import Final

from callboard.ports.workspace import Workspace, Workspaces
from callboard.sandbox.travel.copies import Ground
from callboard.sandbox.travel.place import name_of_place
from callboard.sandbox.travel.workspaces import TravellingWorkspaces
from callboard.sandbox.workspaces import open_workspaces
from callboard.stores.postgres.store import PostgresEventStore
from callboard.testing.postgres import PostgresServer
from callboard.testing.store.samples import SampleLog

CHANGES: Final = 100
DIRECTORIES, FILES = 40, 25
LARGE: Final = 8_000_000
TARGET: Final = "< 10 ms a change"
ENVIRONMENT: Final = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "HOME": "/nonexistent",
    "GIT_AUTHOR_NAME": "a",
    "GIT_AUTHOR_EMAIL": "a@b",
    "GIT_COMMITTER_NAME": "a",
    "GIT_COMMITTER_EMAIL": "a@b",
}


def _repository(place: Path) -> None:
    """Make a repository of a thousand files, 6 kB each."""
    for directory in range(DIRECTORIES):
        (place / f"d{directory}").mkdir(parents=True)
        for name in range(FILES):
            lines = "".join(f"line {name} {number}\n" for number in range(400))
            (place / f"d{directory}" / f"f{name}.txt").write_text(lines)
    for argv in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "-m", "files"]):
        subprocess.run(["git", *argv], cwd=place, env=ENVIRONMENT, check=True)


async def _ms(work: Awaitable[object]) -> float:
    began = time.perf_counter()
    await work
    return (time.perf_counter() - began) * 1000


@asynccontextmanager
async def _copy(
    workspaces: Workspaces, repository: Path, copy: Path
) -> AsyncGenerator[Callable[[int], Awaitable[float]]]:
    """Give what changes one file of a new copy, and returns how long keeping and recording it took."""
    head = await workspaces.head(str(repository))
    await workspaces.clone(str(repository), head, str(copy))
    workspace = await workspaces.open(str(copy))
    tree = (await workspace.snapshots.record(None)).tree

    async def both() -> None:
        await workspace.snapshots.keep()
        await workspace.snapshots.record(tree)

    async def change(number: int) -> float:
        with (copy / f"d{number % DIRECTORIES}" / "f1.txt").open("a") as file:
            file.write(f"changed {number}\n")
        return await _ms(both())

    try:
        yield change
    finally:
        await workspace.close()


async def _compared(
    near: Workspaces, far: Workspaces, repository: Path, root: Path
) -> list[tuple[float, float]]:
    """Change two copies in turn, so that the machine is as busy for one as for the other."""
    beside = root.parents[2] / "near-copies" / "T-1"
    async with _copy(near, repository, beside) as here, _copy(far, repository, root) as kept:
        times = [(await here(number), await kept(number)) for number in range(CHANGES)]
    return times[CHANGES // 10 :]


async def _large(workspace: Workspace, copy: Path) -> float:
    (copy / "large.bin").write_bytes(os.urandom(LARGE))
    return await _ms(workspace.snapshots.keep())


async def _measured(place: Path, url: str) -> list[dict[str, object]]:
    store = await PostgresEventStore.open(url, place / "store")
    try:
        return await _rows(place, store)
    finally:
        await store.close()


async def _rows(place: Path, store: PostgresEventStore) -> list[dict[str, object]]:
    repository = place / "repository"
    _repository(repository)

    def machine(name: str) -> TravellingWorkspaces:
        state = place / name / "sandbox"
        ground = Ground(place / name / "workspaces", name_of_place(state), state / "locks")
        return TravellingWorkspaces(open_workspaces(state, mode="off"), store.tree_packs, ground)

    near = open_workspaces(place / "near", mode="off")
    first, root = machine("first"), place / "first" / "workspaces" / "T-1"
    times = await _compared(near, first, repository, root)
    claim = await SampleLog("T-1").created_in(store)
    taken = await _ms(machine("second").take(str(root), claim))
    sizes = [
        len(await store.tree_packs.content(str(root), tree) or b"")
        for tree in await store.tree_packs.bases(str(root))
    ]
    await first.take(str(root), claim)
    workspace = await first.open(str(root))
    try:
        large = await _large(workspace, root)
    finally:
        await workspace.close()
    return [
        {
            "what": "a change of one file among 1,000",
            "here only ms": round(median(here for here, _ in times), 1),
            "kept ms": round(median(kept for _, kept in times), 1),
            "for it ms": round(median(kept - here for here, kept in times), 1),
            "bytes": round(median(sizes)),
            "target": TARGET,
        },
        {"what": "a new file of 8 MB that nothing compresses", "kept ms": round(large)},
        {"what": f"taking over after {CHANGES} changes", "kept ms": round(taken)},
    ]


def main() -> list[dict[str, object]]:
    """Measure with a PostgreSQL of our own."""
    server = PostgresServer.begin()
    try:
        with tempfile.TemporaryDirectory() as place:
            return asyncio.run(_measured(Path(place), server.new_database()))
    finally:
        server.remove()
