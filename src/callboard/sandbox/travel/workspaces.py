"""`ports.workspace.Workspaces` over machines: a run goes on wherever its database and its repository can be reached."""

import asyncio
import hashlib
import os
import secrets
import shutil
from collections.abc import AsyncGenerator, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from callboard.domain.errors import ConfigurationInvalid
from callboard.ports.examination import Finding
from callboard.ports.tree_packs import LARGEST_PACK, PrivateCopy, TreePacks
from callboard.ports.workspace import FileRefused, Workspace
from callboard.private_files import locked
from callboard.sandbox.git.packs import known_among
from callboard.sandbox.git.repositories import commit_id, locate
from callboard.sandbox.travel.luggage import Luggage
from callboard.sandbox.travel.snapshots import KeptSnapshots, TravellingWorkspace
from callboard.sandbox.workspaces import ConfinedWorkspaces

_NOWHERE: Final = ""


class TravellingWorkspaces:
    """The workspaces of this machine, and private copies that others began.

    A copy is known by its root, the path that it has where it was made; here it is in `copies`, under the same name.
    `here` is what this machine is called, `locks` a directory of ours. Where a copy is worked on is noted with its packs,
    last of all: whatever is found half-made here is made anew.
    """

    def __init__(
        self,
        near: ConfinedWorkspaces,
        packs: TreePacks,
        *,
        copies: Path,
        here: str,
        locks: Path,
        largest: int = LARGEST_PACK,
    ) -> None:
        self._near = near
        self._packs = packs
        self._copies = copies
        self._here = here
        self._locks = locks
        self._luggage = Luggage(packs, here, largest)

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
        await self._show(copy)
        place = self._place(root)
        near = await (self._near.open(root) if place == root else self._near.open_as(place, root))
        store = self._near.store_of(place)
        kept = KeptSnapshots(near.snapshots, copy, store, self._luggage)
        return TravellingWorkspace(near, kept)

    async def where(self, root: str) -> str:
        """Return where on this machine the files of a directory are, as `open` shows them."""
        copy = await self._packs.copy_of(root)
        if copy is None:
            return root
        await self._show(copy)
        return self._place(root)

    async def bring(self, root: str, tree: str) -> str:
        """Return a directory of this machine whose private repository has a tree that was recorded of `root`.

        Raises:
            ConfigurationInvalid: the tree cannot be had here.
        """
        copy = await self._packs.copy_of(root)
        if copy is None:
            return root
        await self._lay(copy)
        place = self._place(root)
        await self._luggage.have(copy, self._near.store_of(place), tree)
        return place

    async def reach(self, root: str) -> None:
        """See `ports.workspace.Workspaces`."""
        copy = await self._packs.copy_of(root)
        if copy is None:
            return await self._near.reach(root)
        is_there = await self._is_there(root)
        if not is_there:
            await commit_id(await locate(copy.repository), copy.base_commit)
        elif copy.place == self._here:
            return None
        store = self._near.store_of(self._place(root))
        if not is_there or not await known_among(store, [copy.tree]):
            await self._luggage.require(copy, copy.tree)
        return None

    async def take(self, root: str) -> None:
        """See `ports.workspace.Workspaces`."""
        if await self._packs.copy_of(root) is None:
            return await self._near.take(root)
        async with self._alone(root):
            copy = await self._packs.copy_of(root)
            while copy is not None and not await self._is_current(copy):
                await self._restore(copy)
                moved = await self._packs.move(root, self._here)
                # Whoever lost the run may have recorded something in between: nobody can any more.
                copy = (
                    None
                    if moved is None or moved.tree == copy.tree
                    else replace(moved, place=_NOWHERE)
                )
                self._luggage.forget(root)
        return None

    async def clone(self, repository: str, commit: str, destination: str) -> None:
        """See `ports.workspace.Workspaces`."""
        await self._near.clone(repository, commit, destination)
        origin = self._near.store_of(destination).origin()
        if origin is not None and self._travels(destination):
            from_where, tree = _absolute(repository), origin.tree
            await self._packs.note(
                PrivateCopy(destination, from_where, origin.commit, tree, self._here, tree)
            )

    async def branch(self, root: str, tree: str, destination: str) -> None:
        """See `ports.workspace.Workspaces`."""
        await self._near.branch(await self.bring(root, tree), tree, destination)
        copy = await self._packs.copy_of(root)
        if copy is not None and self._travels(destination):
            await self._packs.note(
                replace(copy, root=destination, source=root, place=self._here, tree=tree)
            )

    async def publish(
        self,
        *,
        workspace: str,
        repository: str,
        base_commit: str,
        tree: str,
        branch: str,
        message: str,
        author: str,
    ) -> str:
        """See `ports.workspace.Workspaces`."""
        return await self._near.publish(
            workspace=await self.bring(workspace, tree),
            repository=repository,
            base_commit=base_commit,
            tree=tree,
            branch=branch,
            message=message,
            author=author,
        )

    def _place(self, root: str) -> str:
        return str(self._copies / Path(root).name)

    def _travels(self, destination: str) -> bool:
        return Path(destination).parent == self._copies

    async def _is_there(self, root: str) -> bool:
        place = self._place(root)
        is_directory = await asyncio.to_thread(Path(place).is_dir)
        return is_directory and self._near.store_of(place).origin() is not None

    async def _is_current(self, copy: PrivateCopy) -> bool:
        return copy.place == self._here and await self._is_there(copy.root)

    async def _show(self, copy: PrivateCopy) -> None:
        """Make a copy that is worked on elsewhere what it was when it was last recorded there."""
        if await self._is_current(copy):
            return
        async with self._alone(copy.root):
            now = await self._packs.copy_of(copy.root)
            if now is not None and not await self._is_current(now):
                await self._restore(now)

    async def _lay(self, copy: PrivateCopy) -> None:
        if not await self._is_there(copy.root):
            async with self._alone(copy.root):
                await self._clone(copy)

    async def _restore(self, copy: PrivateCopy) -> None:
        try:
            await self._put(copy)
        except FileRefused:  # something that nobody recorded is in the way
            await asyncio.to_thread(_discard, Path(self._place(copy.root)))
            await self._put(copy)

    async def _put(self, copy: PrivateCopy) -> None:
        await self._clone(copy)
        place = self._place(copy.root)
        await self._luggage.have(copy, self._near.store_of(place), copy.tree)
        workspace = await self._near.open(place)
        try:
            await workspace.snapshots.restore(copy.tree)
        finally:
            await workspace.close()

    async def _clone(self, copy: PrivateCopy) -> None:
        """Lay the repository's own files, unless there are any. Nobody takes them for the copy's."""
        if not await self._is_there(copy.root):
            if copy.place == self._here:  # somebody removed it
                await self._packs.move(copy.root, _NOWHERE)
            await self._near.clone(copy.repository, copy.base_commit, self._place(copy.root))

    @asynccontextmanager
    async def _alone(self, root: str) -> AsyncGenerator[None]:
        """Let no other process of this machine lay the same copy."""
        name = hashlib.sha256(os.fsencode(self._place(root))).hexdigest()[:32]
        with ExitStack() as held:
            try:
                await asyncio.to_thread(self._locks.mkdir, parents=True, exist_ok=True, mode=0o700)
                await asyncio.to_thread(held.enter_context, locked(self._locks / f"{name}.lock"))
            except OSError as problem:
                message = f"{self._locks} cannot be used: {problem.strerror}."
                raise ConfigurationInvalid(message) from None
            yield


def _discard(place: Path) -> None:
    """Remove a directory. What is left of it when this is cut short has another name."""
    old = place.with_name(f".{place.name}.{secrets.token_hex(8)}.part")
    place.rename(old)
    shutil.rmtree(old, ignore_errors=True)


def _absolute(path: str) -> str:
    """Return an absolute path; links in it stay, they may lead elsewhere on another machine."""
    return os.path.abspath(path)  # noqa: PTH100 - nothing is looked at
