"""Merkle trees as RFC 6962 defines them: roots, inclusion proofs and consistency proofs over SHA-256.

Leaves and inner nodes are hashed with different first bytes, so that none can pose as the other. Proofs
are lists of 32-byte hashes, from the bottom of the tree to its top.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

Hashes = tuple[bytes, ...]

EMPTY_ROOT: Final = hashlib.sha256(b"").digest()
HASH_BYTES: Final = 32
LONGEST_PROOF: Final = 64
"""More hashes than any proof in a tree of fewer than 2^63 leaves needs."""


def leaf_hash(content: bytes) -> bytes:
    """Return the hash of a leaf."""
    return hashlib.sha256(b"\x00" + content).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node."""
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True)
class Frontier:
    """What is needed of a tree to go on with it: the roots of its complete subtrees, the largest first."""

    size: int = 0
    hashes: Hashes = ()

    @property
    def is_whole(self) -> bool:
        """Whether there are as many hashes as a tree of this size has complete subtrees."""
        return self.size >= 0 and len(self.hashes) == self.size.bit_count()

    def root(self) -> bytes:
        """Return the root of the tree."""
        if not self.hashes:
            return EMPTY_ROOT
        *lefts, found = self.hashes
        for left in reversed(lefts):
            found = node_hash(left, found)
        return found

    def grown(self, leaves: Iterable[bytes]) -> "Frontier":
        """Return the frontier after some more leaf hashes."""
        size, hashes = self.size, list(self.hashes)
        for leaf in leaves:
            found, carry = leaf, size
            while carry & 1:
                found, carry = node_hash(hashes.pop(), found), carry >> 1
            hashes.append(found)
            size += 1
        return Frontier(size, tuple(hashes))


class Tree:
    """A tree over leaf hashes. Building it hashes every leaf once; a proof then takes a few steps."""

    def __init__(self, leaves: Iterable[bytes]) -> None:
        # Each level has the complete nodes only; what juts out on the right is put together when needed.
        self._levels = [list(leaves)]
        while len(below := self._levels[-1]) > 1:
            pairs = range(0, len(below) - 1, 2)
            self._levels.append([node_hash(below[at], below[at + 1]) for at in pairs])

    @property
    def size(self) -> int:
        """The number of leaves."""
        return len(self._levels[0])

    def root(self, size: int | None = None) -> bytes:
        """Return the root of the first `size` leaves, of all where it is None.

        Raises:
            IndexError: there are fewer.
        """
        return self._range(0, self._checked(self.size if size is None else size))

    def frontier(self) -> Frontier:
        """Return what is needed to go on with the tree without its leaves."""
        hashes: list[bytes] = []
        start = 0
        for level in range(self.size.bit_length() - 1, -1, -1):
            if self.size >> level & 1:
                hashes.append(self._levels[level][start >> level])
                start += 1 << level
        return Frontier(self.size, tuple(hashes))

    def inclusion(self, index: int, size: int) -> Hashes:
        """Return the proof that leaf `index` (from 0) is one of the first `size` leaves.

        Raises:
            IndexError: it is not, or there are fewer.
        """
        if not 0 <= index < self._checked(size):
            raise IndexError(f"leaf {index} of {size}")
        path: list[bytes] = []
        start, end = 0, size
        while end - start > 1:
            middle = start + _split(end - start)
            if index < middle:
                path.append(self._range(middle, end))
                end = middle
            else:
                path.append(self._range(start, middle))
                start = middle
        return tuple(reversed(path))

    def consistency(self, first: int, second: int) -> Hashes:
        """Return the proof that the tree of `second` leaves begins with the tree of `first` leaves.

        Raises:
            IndexError: `first` is larger, or there are fewer than `second`.
        """
        if not 0 <= first <= self._checked(second):
            raise IndexError(f"{first} of {second} leaves")
        path: list[bytes] = []
        start, end = 0, second
        while first not in (0, end):
            middle = start + _split(end - start)
            if first <= middle:
                path.append(self._range(middle, end))
                end = middle
            else:
                path.append(self._range(start, middle))
                start = middle
        if first and start:
            path.append(self._range(start, end))
        return tuple(reversed(path))

    def _checked(self, size: int) -> int:
        if not 0 <= size <= self.size:
            raise IndexError(f"{size} of {self.size} leaves")
        return size

    def _range(self, start: int, end: int) -> bytes:
        """Return the hash over leaves that one subtree of the whole would have below it."""
        if start == end:
            return EMPTY_ROOT
        lefts: list[bytes] = []
        while (width := end - start) & (width - 1):
            half = _split(width)
            lefts.append(self._levels[half.bit_length() - 1][start // half])
            start += half
        found = self._levels[width.bit_length() - 1][start // width]
        for left in reversed(lefts):
            found = node_hash(left, found)
        return found


def _split(size: int) -> int:
    """Return the largest power of two below `size`."""
    return 1 << ((size - 1).bit_length() - 1)


def includes(root: bytes, size: int, index: int, leaf: bytes, path: Sequence[bytes]) -> bool:
    """Return whether a proof shows that a leaf hash is at `index` in the tree of this root and size."""
    if not 0 <= index < size:
        return False
    here, last, found = index, size - 1, leaf
    for beside in path:
        if last == 0:
            return False
        if here & 1 or here == last:
            found = node_hash(beside, found)
            here, last = _up_to_left_turn(here, last)
        else:
            found = node_hash(found, beside)
        here, last = here >> 1, last >> 1
    return last == 0 and found == root


def extends(first: tuple[int, bytes], second: tuple[int, bytes], path: Sequence[bytes]) -> bool:
    """Return whether a proof shows that the second tree (size, root) begins with the first."""
    (old_size, old_root), (new_size, new_root) = first, second
    if not 0 <= old_size <= new_size:
        return False
    if old_size in (0, new_size):
        expected = EMPTY_ROOT if old_size == 0 else new_root
        return not path and old_root == expected
    hashes = [old_root, *path] if old_size & (old_size - 1) == 0 else list(path)
    return bool(hashes) and _climb(old_size - 1, new_size - 1, hashes) == (old_root, new_root)


def _climb(here: int, last: int, hashes: list[bytes]) -> tuple[bytes, bytes] | None:
    """Return the two roots that a consistency proof leads to; None where it is too short or too long."""
    while here & 1:
        here, last = here >> 1, last >> 1
    old = new = hashes[0]
    for beside in hashes[1:]:
        if last == 0:
            return None
        if here & 1 or here == last:
            old, new = node_hash(beside, old), node_hash(beside, new)
            here, last = _up_to_left_turn(here, last)
        else:
            new = node_hash(new, beside)
        here, last = here >> 1, last >> 1
    return None if last else (old, new)


def _up_to_left_turn(here: int, last: int) -> tuple[int, int]:
    """Skip the levels on which the node at the right edge has nothing beside it."""
    while here and not here & 1:
        here, last = here >> 1, last >> 1
    return here, last
