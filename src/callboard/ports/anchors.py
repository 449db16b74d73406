"""The deployment's log of runs: append-only leaves, and the signed checkpoints over them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from callboard.domain.proof.anchor import Anchor
from callboard.domain.proof.merkle import Frontier


@dataclass(frozen=True, slots=True)
class SignedState:
    """A signed checkpoint, and what is needed to go on from it without reading all leaves again."""

    note: str
    frontier: Frontier


class AnchorLog(Protocol):
    """Leaves and checkpoints, kept beside the runs. A leaf comes with the append that brings a run to its
    end or to a gate, in the same transaction.
    """

    async def size(self) -> int:
        """Return the number of leaves."""
        ...

    async def anchors(self, *, after: int = 0) -> list[Anchor]:
        """Return the leaves in order, without the first `after`."""
        ...

    async def append(self, anchors: Sequence[Anchor], at: datetime) -> None:
        """Append leaves, but those that are there already."""
        ...

    async def signed_sizes(self) -> list[int]:
        """Return the sizes at which checkpoints were signed, ascending."""
        ...

    async def keep(self, signed: SignedState) -> None:
        """Remember a signed checkpoint. The first one of a size stays."""
        ...

    async def signed(self, size: int) -> SignedState | None:
        """Return the signed checkpoint of a size."""
        ...


class CheckpointPlace(Protocol):
    """Where the last checkpoint is kept outside of the database."""

    @property
    def title(self) -> str:
        """What messages call it."""
        ...

    def read(self) -> str | None:
        """Return the note that is there. Blocks.

        Raises:
            ConfigurationInvalid: something is there that cannot be read.
        """
        ...

    def advance(self, size: int, note: str) -> None:
        """Replace the note at once and durably, unless the one there is of a larger size. Blocks.

        Raises:
            ConfigurationInvalid: it cannot be written.
        """
        ...
