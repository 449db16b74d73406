"""`ports.workspace.Workspaces` over machines: a run goes on wherever its database and its repository can be reached."""

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from callboard.domain.errors import ConfigurationInvalid
from callboard.ports.event_store import Claim
from callboard.ports.examination import Finding
from callboard.ports.tree_packs import LARGEST_PACK, PrivateCopy, TreePacks
from callboard.ports.workspace import Publication, Workspace
from callboard.sandbox.travel.copies import Copies, Ground
from callboard.sandbox.travel.luggage import Luggage
from callboard.sandbox.travel.snapshots import KeptSnapshots, TravellingWorkspace
from callboard.sandbox.workspaces import ConfinedWorkspaces


class TravellingWorkspaces:
    """The workspaces of this machine, and private copies that others began.

    A copy is known by its root, the path that it has where it was made, wherever it is now.
    """

    def __init__(
        self,
        near: ConfinedWorkspaces,
        packs: TreePacks,
        ground: Ground,
        *,
        largest: int = LARGEST_PACK,
    ) -> None:
        self._near = near
        self._packs = packs
        self._ground = ground
        self._luggage = Luggage(packs, ground.here, largest)
        self._copies = Copies(near, packs, ground, self._luggage)

    async def examine(self) -> Sequence[Finding]:
        """See `ports.workspace.Workspaces`."""
        return await self._near.examine()

    async def head(self, repository: str) -> str:
        """See `ports.workspace.Workspaces`."""
        return await self._near.head(repository)

    async def open(self, root: str) -> Workspace:
        """See `ports.workspace.Workspaces`."""
        copy = await self._packs.copy_of(root)
        if copy is None:
            return await self._near.open(root)
        await self._copies.show(copy)
        place = self._ground.place(root)
        near = await (self._near.open(root) if place == root else self._near.open_as(place, root))
        store = self._copies.store(root)
        kept = KeptSnapshots(near.snapshots, copy, store, self._luggage)
        return TravellingWorkspace(near, kept)

    async def where(self, root: str) -> str:
        """Return where on this machine the files of a directory are, as `open` shows them.

        Raises:
            ConfigurationInvalid: it is a copy that cannot be made here.
        """
        copy = await self._packs.copy_of(root)
        if copy is None:
            return root
        await self._copies.show(copy)
        return self._ground.place(root)

    async def bring(self, root: str, tree: str) -> str:
        """Return a directory of this machine whose private repository has a tree that was recorded of `root`.

        Raises:
            ConfigurationInvalid: the tree cannot be had here.
        """
        copy = await self._packs.copy_of(root)
        if copy is None:
            return root
        await self._copies.bring(copy, tree)
        return self._ground.place(root)

    async def reach(self, root: str) -> None:
        """See `ports.workspace.Workspaces`."""
        copy = await self._packs.copy_of(root)
        await (self._near.reach(root) if copy is None else self._copies.reach(copy))

    async def is_copy(self, root: str) -> bool:
        """See `ports.workspace.Workspaces`."""
        return await self._packs.copy_of(root) is not None or await self._near.is_copy(root)

    async def take(self, root: str, claim: Claim) -> None:
        """See `ports.workspace.Workspaces`."""
        copy = await self._packs.copy_of(root)
        await (self._near.take(root, claim) if copy is None else self._copies.take(root, claim))

    async def clone(self, repository: str, commit: str, destination: str) -> None:
        """See `ports.workspace.Workspaces`."""
        await self._near.clone(repository, commit, destination)
        origin = self._near.store_of(destination).origin()
        if origin is not None and self._travels(destination):
            at, tree, here = _absolute(repository), origin.tree, self._ground.here
            await self._note(PrivateCopy(destination, at, origin.commit, tree, here, tree))

    async def branch(self, root: str, tree: str, destination: str) -> None:
        """See `ports.workspace.Workspaces`."""
        await self._near.branch(await self.bring(root, tree), tree, destination)
        copy = await self._packs.copy_of(root)
        if copy is not None and self._travels(destination):
            here = self._ground.here
            await self._note(replace(copy, root=destination, source=root, place=here, tree=tree))

    async def publish(self, change: Publication) -> str:
        """See `ports.workspace.Workspaces`."""
        here = await self.bring(change.workspace, change.tree)
        return await self._near.publish(replace(change, workspace=here))

    async def _note(self, copy: PrivateCopy) -> None:
        """Note a new copy. Another machine may have begun it before, from the same files."""
        await self._packs.note(copy)
        known = await self._packs.copy_of(copy.root)
        if known is not None and _origin(known) != _origin(copy):
            raise ConfigurationInvalid(
                f"{copy.root} is a copy of {known.repository} at {known.base_commit} already, elsewhere."
            )

    def _travels(self, destination: str) -> bool:
        return Path(destination).parent == self._ground.copies


def _origin(copy: PrivateCopy) -> tuple[str, str, str | None]:
    return copy.repository, copy.base_commit, copy.source


def _absolute(path: str) -> str:
    """Return an absolute path; links in it stay, they may lead elsewhere on another machine."""
    return os.path.abspath(path)  # noqa: PTH100 - nothing is looked at
