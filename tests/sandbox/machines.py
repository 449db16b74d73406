"""Machines, each with a home of its own, over one table of packs."""

import os
from itertools import count
from pathlib import Path

from callboard.ports.event_store import Claim
from callboard.ports.tree_packs import LARGEST_PACK
from callboard.sandbox.travel.copies import Ground
from callboard.sandbox.travel.place import name_of_place
from callboard.sandbox.travel.workspaces import TravellingWorkspaces
from callboard.sandbox.workspaces import open_workspaces

EPOCHS = count(1)


class Machine:
    """A home of its own."""

    def __init__(self, home, packs, largest=LARGEST_PACK):
        self.home = home
        self.copies = home / "workspaces"
        self.near = open_workspaces(home / "sandbox", kinds=("landlock",))
        state = home / "sandbox"
        self.ground = Ground(self.copies, name_of_place(state), state / "locks")
        self.workspaces = TravellingWorkspaces(self.near, packs, self.ground, largest=largest)

    def root(self, name):
        return str(self.copies / name)

    async def begin(self, repository, name="T-1"):
        head = await self.workspaces.head(str(repository))
        await self.workspaces.clone(str(repository), head, self.root(name))
        return self.root(name)

    async def take(self, root, claim=None):
        """Take a copy as whoever has just taken its run over, or by an earlier claim."""
        await self.workspaces.take(root, claim or claimed())

    async def record(self, root, base=None):
        return await self._with(root, lambda workspace: workspace.snapshots.record(base))

    async def keep(self, root):
        await self._with(root, lambda workspace: workspace.snapshots.keep())

    async def _with(self, root, work):
        workspace = await self.workspaces.open(root)
        try:
            return await work(workspace)
        finally:
            await workspace.close()


def claimed():
    """Return a claim of the run that all copies are of; those before it are lost."""
    return Claim("T-1", next(EPOCHS), 0, "")


def files_of(place):
    """Return what git could know of the files in a directory: contents, links, and who may execute them."""
    found = {}
    for directory, below, names in os.walk(place):
        if ".git" in below:
            below.remove(".git")
        for path in (Path(directory, name) for name in (*names, *below)):
            relative = os.fsencode(path.relative_to(place))
            if path.is_symlink():
                found[relative] = ("link", os.fsencode(path.readlink()))
            elif path.is_file():
                found[relative] = (path.stat().st_mode & 0o100, path.read_bytes())
    return found
