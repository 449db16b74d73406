"""Leaves of a deployment's log: each says how far a run had come, and what its log was by then."""

from typing import NamedTuple

from callboard.domain.proof.merkle import leaf_hash


class Anchor(NamedTuple):
    """The first `seq` events of a run's log, by the hash of the last of them (64 hex digits)."""

    run_id: str
    seq: int
    hash: str

    @property
    def content(self) -> bytes:
        """The bytes of the leaf: four lines of ASCII, each ended by a newline."""
        return f"callboard run v1\n{self.run_id}\n{self.seq}\n{self.hash}\n".encode()

    @property
    def leaf(self) -> bytes:
        """The hash of the leaf."""
        return leaf_hash(self.content)
