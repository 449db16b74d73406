"""Private copies on this machine: laid where another one began them, and made what they were there last."""

import asyncio
import hashlib
import os
import secrets
import shutil
from collections.abc import AsyncGenerator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from callboard.domain.errors import ConfigurationInvalid
from callboard.ports.event_store import Claim
from callboard.ports.tree_packs import PrivateCopy, TreePacks
from callboard.ports.workspace import FileRefused
from callboard.private_files import locked
from callboard.sandbox.git.packs import known_among
from callboard.sandbox.git.repositories import commit_id, locate
from callboard.sandbox.git.store import Store
from callboard.sandbox.travel.luggage import Luggage
from callboard.sandbox.workspaces import ConfinedWorkspaces

_NOWHERE: Final = ""


@dataclass(frozen=True, slots=True)
class Ground:
    """Where copies are on this machine: in `copies`, each under the last part of its root. `here` is what the machine is
    called, `locks` a directory of ours.
    """

    copies: Path
    here: str
    locks: Path

    def place(self, root: str) -> str:
        """Return where a copy is, or would be."""
        return str(self.copies / Path(root).name)

    @asynccontextmanager
    async def alone(self, root: str) -> AsyncGenerator[None]:
        """Let no other process of this machine lay the same copy.

        Raises:
            ConfigurationInvalid: the directory of locks cannot be used.
        """
        name = hashlib.sha256(os.fsencode(self.place(root))).hexdigest()[:32]
        held = ExitStack()
        entering = asyncio.ensure_future(asyncio.to_thread(self._enter, held, f"{name}.lock"))
        try:
            await asyncio.shield(entering)
            yield
        finally:
            if entering.done():
                held.close()
            else:  # whoever waited gave up: it is still on its way
                entering.add_done_callback(lambda _: held.close())

    def _enter(self, held: ExitStack, name: str) -> None:
        try:
            self.locks.mkdir(parents=True, exist_ok=True, mode=0o700)
            held.enter_context(locked(self.locks / name))
        except OSError as problem:
            message = f"{self.locks} cannot be used: {problem.strerror}."
            raise ConfigurationInvalid(message) from None


class Copies:
    """Lays copies on this machine's ground. Where a copy is worked on is noted last of all: whatever is found half-made
    is made anew.
    """

    def __init__(
        self, near: ConfinedWorkspaces, packs: TreePacks, ground: Ground, luggage: Luggage
    ) -> None:
        self._near = near
        self._packs = packs
        self._ground = ground
        self._luggage = luggage

    def store(self, root: str) -> Store:
        """Return the private repository of a copy on this machine."""
        return self._near.store_of(self._ground.place(root))

    async def reach(self, copy: PrivateCopy) -> None:
        """Do nothing where a copy could be worked on here.

        Raises:
            ConfigurationInvalid: its repository is elsewhere, or its files were not kept.
        """
        is_there = await self._is_there(copy.root)
        if not is_there:
            await commit_id(await locate(copy.repository), copy.base_commit)
        elif copy.place == self._ground.here:
            return
        if not is_there or not await known_among(self.store(copy.root), [copy.tree]):
            await self._luggage.require(copy, copy.tree)

    async def take(self, root: str, claim: Claim) -> None:
        """Make a copy what it was when it was last recorded, and note that it is worked on here.

        Raises:
            ConfigurationInvalid: it cannot be made here.
            Fenced: the claim was lost meanwhile.
        """
        async with self._ground.alone(root):
            copy = await self._packs.copy_of(root)
            while copy is not None and not await self._is_current(copy):
                await self._restore(copy)
                moved = await self._packs.move(root, self._ground.here, claim)
                self._luggage.forget(root)
                if moved is None or moved.tree == copy.tree:
                    return
                # Whoever lost the run recorded something in between: nobody can any more.
                copy = replace(moved, place=_NOWHERE)

    async def show(self, copy: PrivateCopy) -> None:
        """Make a copy that is worked on elsewhere what it was when it was last recorded there.

        Raises:
            ConfigurationInvalid: it cannot be made here.
        """
        if await self._is_current(copy):
            return
        async with self._ground.alone(copy.root):
            now = await self._packs.copy_of(copy.root)
            if now is not None and not await self._is_current(now):
                await self._restore(now)

    async def bring(self, copy: PrivateCopy, tree: str) -> None:
        """Have a tree of a copy in its private repository here, whatever its files are.

        Raises:
            ConfigurationInvalid: the tree cannot be had here.
        """
        if not await self._is_there(copy.root):
            async with self._ground.alone(copy.root):
                await self._lay(copy)
        await self._luggage.have(copy, self.store(copy.root), tree)

    async def _is_there(self, root: str) -> bool:
        is_directory = await asyncio.to_thread(Path(self._ground.place(root)).is_dir)
        return is_directory and self.store(root).origin() is not None

    async def _is_current(self, copy: PrivateCopy) -> bool:
        return copy.place == self._ground.here and await self._is_there(copy.root)

    async def _restore(self, copy: PrivateCopy) -> None:
        try:
            await self._put(copy)
        except FileRefused:  # something that nobody recorded is in the way
            await asyncio.to_thread(_discard, Path(self._ground.place(copy.root)))
            try:
                await self._put(copy)
            except FileRefused as problem:
                raise ConfigurationInvalid(f"{copy.root} cannot be made here: {problem}") from None

    async def _put(self, copy: PrivateCopy) -> None:
        await self._lay(copy)
        await self._luggage.have(copy, self.store(copy.root), copy.tree)
        workspace = await self._near.open(self._ground.place(copy.root))
        try:
            await workspace.snapshots.restore(copy.tree)
        finally:
            await workspace.close()

    async def _lay(self, copy: PrivateCopy) -> None:
        """Lay the repository's own files, unless there are any. Nobody takes them for the copy's."""
        if await self._is_there(copy.root):
            return
        if copy.place == self._ground.here:  # somebody removed it
            await self._packs.leave(copy.root, self._ground.here)
        await self._near.clone(copy.repository, copy.base_commit, self._ground.place(copy.root))


def _discard(place: Path) -> None:
    """Remove a directory. What is left of it when this is cut short has another name."""
    old = place.with_name(f".{place.name}.{secrets.token_hex(8)}.part")
    place.rename(old)
    shutil.rmtree(old, ignore_errors=True)
