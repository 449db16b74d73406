"""The workspace of a run that can go on elsewhere: whatever is recorded of it is kept first."""

import asyncio

from callboard.ports.tree_packs import PrivateCopy
from callboard.ports.workspace import Commands, Files, PublishedTexts, Snapshot
from callboard.sandbox.git.snapshots import TreeSnapshots
from callboard.sandbox.git.store import Store
from callboard.sandbox.travel.luggage import Luggage
from callboard.sandbox.workspaces import ConfinedWorkspace

_FRESH_S = 1.0


class KeptSnapshots:
    """`ports.workspace.Snapshots` of a private copy. What was kept a moment ago, and nobody touched since, is recorded as it
    is, without another look.
    """

    def __init__(
        self, near: TreeSnapshots, copy: PrivateCopy, store: Store, luggage: Luggage
    ) -> None:
        self._near = near
        self._copy = copy
        self._store = store
        self._luggage = luggage
        self._just_kept: str | None = None
        self._kept_at = 0.0

    async def record(self, base_tree: str | None) -> Snapshot:
        """See `ports.workspace.Snapshots`."""
        if base_tree is not None:
            await self._luggage.have(self._copy, self._store, base_tree)
        tree, self._just_kept = self._just_kept, None
        if tree is not None and _now() - self._kept_at < _FRESH_S:
            return await self._near.compared(base_tree, tree)
        snapshot = await self._near.record(base_tree)
        await self._luggage.keep(self._copy.root, self._store, snapshot.tree)
        return snapshot

    async def restore(self, tree: str) -> None:
        """See `ports.workspace.Snapshots`."""
        await self._luggage.have(self._copy, self._store, tree)
        await self._near.restore(tree)
        await self._luggage.keep(self._copy.root, self._store, tree)

    async def keep(self) -> None:
        """See `ports.workspace.Snapshots`."""
        last = await self._luggage.last_tree(self._copy.root)
        if last is not None:
            at, tree = _now(), await self._near.present(last)
            await self._luggage.keep(self._copy.root, self._store, tree)
            self._just_kept, self._kept_at = tree, at

    def stir(self) -> None:
        """Note that somebody is about to change files."""
        self._just_kept = None


class TravellingWorkspace:
    """`ports.workspace.Workspace` of a private copy."""

    def __init__(self, near: ConfinedWorkspace, snapshots: KeptSnapshots) -> None:
        self._near = near
        self._snapshots = snapshots

    @property
    def root(self) -> str:
        """See `ports.workspace.Workspace`: the path that the run knows, wherever the copy is."""
        return self._near.root

    @property
    def files(self) -> Files:
        """See `ports.workspace.Workspace`."""
        self._snapshots.stir()
        return self._near.files

    @property
    def published(self) -> PublishedTexts:
        """See `ports.workspace.Workspace`."""
        return self._near.published

    @property
    def commands(self) -> Commands:
        """See `ports.workspace.Workspace`."""
        self._snapshots.stir()
        return self._near.commands

    @property
    def snapshots(self) -> KeptSnapshots:
        """See `ports.workspace.Workspace`."""
        return self._snapshots

    async def close(self) -> None:
        """See `ports.workspace.Workspace`."""
        await self._near.close()


def _now() -> float:
    return asyncio.get_running_loop().time()
