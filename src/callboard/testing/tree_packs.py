"""What every `callboard.ports.tree_packs.TreePacks` does, and one in memory. Subclass the suite, and give the fixture
`packs`, with nothing in it, and `take_up`, which takes a run over once more.
"""

# ruff: noqa: D102 - the names of the tests are their sentences

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import count

import pytest

from callboard.domain.errors import Fenced
from callboard.ports.event_store import Claim, EventStore
from callboard.ports.tree_packs import PrivateCopy, TreePack, TreePacks
from callboard.testing.store.samples import SampleLog

HERE, THERE = "here", "there"
BASE, FIRST, SECOND = "a" * 40, "b" * 40, "c" * 40
COPY = PrivateCopy("/home/workspaces/one", "/repository", "d" * 40, BASE, HERE, BASE)
FORK = replace(COPY, root="/home/workspaces/two", source=COPY.root)
CONTENT = b"PACK\0\xff" * 1_000

TakeUp = Callable[[], Awaitable[Claim]]


def taking_up(store: EventStore | None = None) -> TakeUp:
    """Return what takes a run of a store over, or one that nobody stored."""
    log, claims, epochs = SampleLog("r1"), list[Claim](), count(1)

    async def take_up() -> Claim:
        if store is None:
            return Claim("r1", next(epochs), 0, "")
        if claims:
            await store.release(claims[-1])
        claims.append(await store.claim("r1") if claims else await log.created_in(store))
        return claims[-1]

    return take_up


@dataclass(slots=True)
class MemoryTreePacks:
    """`ports.tree_packs.TreePacks` that forgets. A claim is lost when a later one of its run was seen."""

    copies: dict[str, PrivateCopy] = field(default_factory=dict[str, PrivateCopy])
    packs: dict[tuple[str, str], TreePack] = field(default_factory=dict[tuple[str, str], TreePack])
    epochs: dict[str, int] = field(default_factory=dict[str, int])

    async def note(self, copy: PrivateCopy) -> None:
        """See the port."""
        self.copies.setdefault(copy.root, copy)

    async def copy_of(self, root: str) -> PrivateCopy | None:
        """See the port."""
        return self.copies.get(root)

    async def move(self, root: str, place: str, claim: Claim) -> PrivateCopy | None:
        """See the port."""
        last = self.epochs.setdefault(claim.run_id, claim.epoch)
        if claim.epoch < last:
            raise Fenced(f"run {claim.run_id} was taken over by another process")
        self.epochs[claim.run_id] = claim.epoch
        if root in self.copies:
            self.copies[root] = replace(self.copies[root], place=place)
        return self.copies.get(root)

    async def leave(self, root: str, place: str) -> None:
        """See the port."""
        if root in self.copies and self.copies[root].place == place:
            self.copies[root] = replace(self.copies[root], place="")

    async def keep(self, root: str, place: str, tree: str, pack: TreePack | None) -> bool:
        """See the port."""
        known = self.copies.get(root)
        if known is None or known.place != place:
            return False
        self.copies[root] = replace(known, tree=tree)
        if pack is not None:
            self.packs.setdefault((root, pack.tree), pack)
        return True

    async def bases(self, root: str) -> Mapping[str, str]:
        """See the port."""
        return {tree: pack.base for (of, tree), pack in self.packs.items() if of == root}

    async def content(self, root: str, tree: str) -> bytes | None:
        """See the port."""
        pack = self.packs.get((root, tree))
        return None if pack is None else pack.content


class TreePacksContract:
    """The behaviour of `callboard.ports.tree_packs.TreePacks`."""

    async def test_a_copy_is_what_was_noted(self, packs: TreePacks) -> None:
        await packs.note(COPY)
        await packs.note(FORK)
        assert await packs.copy_of(COPY.root) == COPY
        assert await packs.copy_of(FORK.root) == FORK
        assert await packs.copy_of("/elsewhere") is None

    async def test_a_copy_that_is_known_stays_as_it_is(self, packs: TreePacks) -> None:
        await packs.note(COPY)
        await packs.note(replace(COPY, place=THERE, tree=FIRST, repository="/other"))
        assert await packs.copy_of(COPY.root) == COPY

    async def test_a_copy_moves_with_what_was_recorded(
        self, packs: TreePacks, take_up: TakeUp
    ) -> None:
        claim = await take_up()
        await packs.note(COPY)
        await packs.keep(COPY.root, HERE, FIRST, TreePack(FIRST, BASE, CONTENT))
        moved = await packs.move(COPY.root, THERE, claim)
        assert moved == replace(COPY, place=THERE, tree=FIRST)
        assert await packs.copy_of(COPY.root) == moved
        assert await packs.move("/elsewhere", THERE, claim) is None
        assert await packs.copy_of("/elsewhere") is None

    async def test_whoever_lost_the_run_moves_its_copy_no_more(
        self, packs: TreePacks, take_up: TakeUp
    ) -> None:
        lost, held = await take_up(), await take_up()
        await packs.note(COPY)
        moved = await packs.move(COPY.root, THERE, held)
        with pytest.raises(Fenced):
            await packs.move(COPY.root, HERE, lost)
        assert await packs.copy_of(COPY.root) == moved

    async def test_a_copy_is_left_only_where_it_is(self, packs: TreePacks) -> None:
        await packs.note(COPY)
        await packs.leave(COPY.root, THERE)
        assert await packs.copy_of(COPY.root) == COPY
        await packs.leave(COPY.root, HERE)
        assert await packs.copy_of(COPY.root) == replace(COPY, place="")

    async def test_packs_are_kept_byte_for_byte_with_their_bases(self, packs: TreePacks) -> None:
        await packs.note(COPY)
        assert await packs.keep(COPY.root, HERE, FIRST, TreePack(FIRST, BASE, CONTENT))
        assert await packs.keep(COPY.root, HERE, SECOND, TreePack(SECOND, FIRST, b""))
        assert await packs.bases(COPY.root) == {FIRST: BASE, SECOND: FIRST}
        assert await packs.content(COPY.root, FIRST) == CONTENT
        assert await packs.content(COPY.root, SECOND) == b""
        assert await packs.content(COPY.root, BASE) is None

    async def test_the_first_pack_of_a_tree_stays(self, packs: TreePacks) -> None:
        await packs.note(COPY)
        await packs.keep(COPY.root, HERE, FIRST, TreePack(FIRST, BASE, CONTENT))
        await packs.keep(COPY.root, HERE, SECOND, TreePack(SECOND, FIRST, CONTENT))
        await packs.keep(COPY.root, HERE, FIRST, TreePack(FIRST, SECOND, b"again"))
        assert await packs.bases(COPY.root) == {FIRST: BASE, SECOND: FIRST}
        assert await packs.content(COPY.root, FIRST) == CONTENT

    async def test_a_tree_without_a_pack_is_what_the_files_are_all_the_same(
        self, packs: TreePacks
    ) -> None:
        await packs.note(COPY)
        assert await packs.keep(COPY.root, HERE, FIRST, None)
        assert await packs.copy_of(COPY.root) == replace(COPY, tree=FIRST)
        assert await packs.bases(COPY.root) == {}

    async def test_whoever_does_not_work_on_a_copy_keeps_nothing_of_it(
        self, packs: TreePacks, take_up: TakeUp
    ) -> None:
        await packs.note(COPY)
        await packs.move(COPY.root, THERE, await take_up())
        assert not await packs.keep(COPY.root, HERE, FIRST, TreePack(FIRST, BASE, CONTENT))
        assert not await packs.keep("/elsewhere", HERE, FIRST, TreePack(FIRST, BASE, CONTENT))
        assert await packs.copy_of(COPY.root) == replace(COPY, place=THERE)
        assert await packs.bases(COPY.root) == await packs.bases("/elsewhere") == {}

    async def test_copies_have_packs_of_their_own(self, packs: TreePacks) -> None:
        await packs.note(COPY)
        await packs.note(FORK)
        await packs.keep(COPY.root, HERE, FIRST, TreePack(FIRST, BASE, CONTENT))
        await packs.keep(FORK.root, HERE, FIRST, TreePack(FIRST, SECOND, b"other"))
        assert await packs.content(COPY.root, FIRST) == CONTENT
        assert await packs.content(FORK.root, FIRST) == b"other"
        assert await packs.bases(FORK.root) == {FIRST: SECOND}
