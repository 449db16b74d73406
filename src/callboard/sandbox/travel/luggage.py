"""What travels: the packs of one process's private copies, kept as their files change and taken in where they are not known."""

import asyncio
import logging
from dataclasses import dataclass, field
from itertools import takewhile
from typing import NamedTuple

from callboard.domain.errors import ConfigurationInvalid
from callboard.ports.tree_packs import PrivateCopy, TreePack, TreePacks
from callboard.sandbox.git.packs import known_among, pack, require_restorable, unpack
from callboard.sandbox.git.store import Store

_log = logging.getLogger(__name__)
_STEPS = 16
"""After so many packs there is one that begins anew, if that is a small one: what was recorded is never far away."""
_SMALL = 250_000
_SHARE = 20
"""Of the time, so much as one part is spent at most with packs that turn out to be too large."""


@dataclass(slots=True)
class _Kept:
    """What is known of a copy that is worked on here: the trees that there are packs of, the one that it began with, the last
    one of them, and the tree that was last recorded.
    """

    trees: set[str]
    begun_at: str
    base: str
    tree: str
    steps: int = 0
    not_before: float = 0.0
    changing: asyncio.Lock = field(default_factory=asyncio.Lock)


class _Link(NamedTuple):
    """A pack: of which copy and tree, on top of which base."""

    root: str
    tree: str
    base: str


class Luggage:
    """Keeps and takes in packs. `place` is where this process works; `largest` bounds a pack, in bytes."""

    def __init__(self, packs: TreePacks, place: str, largest: int) -> None:
        self._packs = packs
        self._place = place
        self._largest = largest
        self._kept: dict[str, _Kept] = {}
        self._here: dict[str, set[str]] = {}

    async def keep(self, root: str, store: Store, tree: str) -> None:
        """Keep what makes a tree that was just recorded of a copy; nothing where the copy is worked on elsewhere."""
        self._here.setdefault(root, set()).add(tree)
        kept = await self._known(root)
        if kept is None:
            return
        async with kept.changing:
            if tree == kept.tree:
                return
            made = None if tree in kept.trees else await self._pack(root, store, kept, tree)
            if not await self._packs.keep(root, self._place, tree, made):
                self.forget(root)
                return
            kept.tree = tree
            if made is not None:
                kept.trees.add(tree)
            if tree in kept.trees:
                kept.base = tree

    def forget(self, root: str) -> None:
        """Look at the packs of a copy anew the next time."""
        self._kept.pop(root, None)

    async def last_tree(self, root: str) -> str | None:
        """Return the tree that was last recorded of a copy that is worked on here; None: it is not."""
        kept = await self._known(root)
        return None if kept is None else kept.tree

    async def have(self, copy: PrivateCopy, store: Store, tree: str) -> None:
        """Take in what is needed for a tree of a copy, unless it is there.

        Raises:
            ConfigurationInvalid: nobody kept it, or what was kept is damaged.
        """
        here = self._here.setdefault(copy.root, set())
        if tree in here:
            return
        if not await known_among(store, [tree]):
            await self._take_in(store, await self._chain(copy, tree))
        await require_restorable(store, tree)
        here.add(tree)

    async def require(self, copy: PrivateCopy, tree: str) -> None:
        """Do nothing where a tree of a copy was kept.

        Raises:
            ConfigurationInvalid: it was not.
        """
        await self._chain(copy, tree)

    async def _take_in(self, store: Store, chain: "list[_Link]") -> None:
        known = await known_among(store, [link.tree for link in chain])
        missing = list(takewhile(lambda link: link.tree not in known, chain))
        for link in reversed(missing):
            content = await self._packs.content(link.root, link.tree)
            if content is None:
                raise _not_kept(link.root, link.tree)
            await unpack(store, TreePack(link.tree, link.base, content), self._largest)

    async def _chain(self, copy: PrivateCopy, tree: str) -> "list[_Link]":
        """Return the packs that make a tree out of the repository's own files, the last one first. A copy that was branched
        off goes on where the other one was.
        """
        chain: list[_Link] = []
        level: PrivateCopy | None = copy
        while level is not None:
            bases = await self._packs.bases(level.root)
            while tree != copy.base_tree and tree in bases:
                chain.append(_Link(level.root, tree, bases[tree]))
                tree = bases[tree]
            if tree == copy.base_tree:
                return chain
            level = await self._source_of(level)
        raise _not_kept(copy.root, tree)

    async def _source_of(self, copy: PrivateCopy) -> PrivateCopy | None:
        return None if copy.source is None else await self._packs.copy_of(copy.source)

    async def _known(self, root: str) -> _Kept | None:
        if root not in self._kept:
            copy = await self._packs.copy_of(root)
            if copy is None or copy.place != self._place:
                return None
            trees = await self._reachable(copy)
            base = copy.tree if copy.tree in trees else copy.base_tree
            self._kept.setdefault(root, _Kept(trees, copy.base_tree, base, copy.tree))
        return self._kept.get(root)

    async def _reachable(self, copy: PrivateCopy) -> set[str]:
        trees = {copy.base_tree}
        level: PrivateCopy | None = copy
        while level is not None:
            trees |= (await self._packs.bases(level.root)).keys()
            level = await self._source_of(level)
        return trees

    async def _pack(self, root: str, store: Store, kept: _Kept, tree: str) -> TreePack | None:
        clock = asyncio.get_running_loop().time
        began = clock()
        if began < kept.not_before:
            return None
        kept.steps += 1
        if kept.steps % _STEPS == 0:
            whole = await pack(store, tree, kept.begun_at, _SMALL)
            if whole is not None:
                return whole
        made = await pack(store, tree, kept.base, self._largest)
        if made is None:
            if kept.not_before == 0.0:
                _log.warning(
                    "%s changed by more than %d bytes at once: as long as it is so, its run can go on only on this machine",
                    root,
                    self._largest,
                )
            kept.not_before = clock() + _SHARE * (clock() - began)
        return made


def _not_kept(root: str, tree: str) -> ConfigurationInvalid:
    return ConfigurationInvalid(
        f"The recorded files {tree} of {root} were not kept for other machines (a change was too large, or is older than "
        "this deployment's database server): only the machine that recorded them can go on."
    )
