"""Where the recorded files of private copies are kept for other machines: as git packs, beside the log.

A copy is a directory in which a run works on a repository: it is known everywhere by its `root`, the path that it had
where it was made, and worked on at one place at a time. Each pack holds a tree's objects as far as its base has not.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from callboard.ports.event_store import Claim

LARGEST_PACK: Final = 64_000_000
"""The most bytes of a pack. What is larger stays where it is."""


@dataclass(frozen=True, slots=True)
class PrivateCopy:
    """A private copy of a repository at a commit, whose tree is `base_tree`; `source` is the root of the copy that it was
    branched from.

    `place` says where it is worked on, `tree` what its files were when they were last recorded there.
    """

    root: str
    repository: str
    base_commit: str
    base_tree: str
    place: str
    tree: str
    source: str | None = None


@dataclass(frozen=True, slots=True)
class TreePack:
    """What makes a tree out of another one."""

    tree: str
    base: str
    content: bytes


class TreePacks(Protocol):
    """The copies of a deployment, and their packs. Nothing here was checked: whoever takes a pack in does that."""

    async def note(self, copy: PrivateCopy) -> None:
        """Note a copy, with its place. One that is known stays as it is."""
        ...

    async def copy_of(self, root: str) -> PrivateCopy | None:
        """Return what is known of a copy; None: there is none of this root."""
        ...

    async def move(self, root: str, place: str, claim: Claim) -> PrivateCopy | None:
        """Say that a copy is worked on at a place from now on, by whoever holds the claim of a run in it; return it as it
        was recorded last.

        Raises:
            Fenced: the claim was lost; whoever has it now says where the copy is.
        """
        ...

    async def leave(self, root: str, place: str) -> None:
        """Say that a copy is worked on nowhere, if it is worked on at this place."""
        ...

    async def keep(self, root: str, place: str, tree: str, pack: TreePack | None) -> bool:
        """Say that a copy's files are `tree` now, and keep a pack, all of it or nothing; a pack of a tree that has one is
        left out. Does nothing where the copy is worked on at another place, and returns whether it is not.
        """
        ...

    async def bases(self, root: str) -> Mapping[str, str]:
        """Return the trees of a copy that there are packs of, with the base of each."""
        ...

    async def content(self, root: str, tree: str) -> bytes | None:
        """Return the pack of a tree; None: there is none."""
        ...
