"""The deployment's log of runs in the same file as the runs."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from callboard.domain.events.codec import timestamp
from callboard.domain.proof.anchor import Anchor
from callboard.domain.proof.merkle import HASH_BYTES, Frontier
from callboard.ports.anchors import SignedState
from callboard.stores.relational.access import Access


class StoredAnchors:
    """`callboard.ports.anchors.AnchorLog`; shares the event store's connections."""

    def __init__(self, access: Access) -> None:
        self._sql = access.sql
        self._writer = access.writer
        self._readers = access.readers

    async def size(self) -> int:
        """See `AnchorLog`."""
        ((count,),) = await self._query(self._sql.ANCHOR_COUNT)
        return int(count)

    async def anchors(self, *, after: int = 0) -> list[Anchor]:
        """See `AnchorLog`."""
        return [
            Anchor(str(run_id), int(seq), str(digest))
            for run_id, seq, digest in await self._query(self._sql.ANCHORS, {"after": after})
        ]

    async def append(self, anchors: Sequence[Anchor], at: datetime) -> None:
        """See `AnchorLog`."""
        leaves = [anchor._asdict() | {"at": timestamp(at)} for anchor in anchors]
        await self._writer.submit(lambda session: session.executemany(session.sql.ANCHOR, leaves))

    async def signed_sizes(self) -> list[int]:
        """See `AnchorLog`."""
        return [int(size) for (size,) in await self._query(self._sql.CHECKPOINT_SIZES)]

    async def keep(self, signed: SignedState) -> None:
        """See `AnchorLog`."""
        frontier = b"".join(signed.frontier.hashes)
        columns = {"size": signed.frontier.size, "note": signed.note, "frontier": frontier}
        await self._writer.submit(
            lambda session: session.execute(session.sql.KEEP_CHECKPOINT, columns)
        )

    async def signed(self, size: int) -> SignedState | None:
        """See `AnchorLog`."""
        found = await self._query(self._sql.CHECKPOINT, {"size": size})
        if not found:
            return None
        note, content = str(found[0][0]), bytes(found[0][1])
        hashes = (content[at : at + HASH_BYTES] for at in range(0, len(content), HASH_BYTES))
        return SignedState(note, Frontier(size, tuple(hashes)))

    async def _query(
        self, statement: str, named: dict[str, int] | None = None
    ) -> list[tuple[Any, ...]]:
        return await self._readers.run(
            lambda session: session.execute(statement, named or {}).fetchall()
        )
