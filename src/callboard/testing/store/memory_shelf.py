"""A shelf in memory, with the semantics of the real ones."""

from collections.abc import Sequence
from datetime import datetime

from callboard.domain.errors import Fenced
from callboard.domain.events.codec import Sealed
from callboard.domain.proof.anchor import Anchor
from callboard.ports.archive import Due, Shelved, Swept
from callboard.testing.store.memory import MemoryDisk, run_row

_NOBODYS = Sealed("", 0, b"", "")
_OPEN = {"running", "waiting"}


class MemoryShelf:
    """`callboard.ports.archive.Shelf` over a `MemoryDisk`."""

    def __init__(self, disk: MemoryDisk) -> None:
        self._disk = disk

    async def due(self, before: datetime) -> list[Due]:
        """See `Shelf`."""
        rows = [run_row(run.row) for run in self._disk.runs.values()]
        found = [
            Due(row.run_id, row.ended_at)
            for row in rows
            if row.parent_id is None
            and row.ended_at is not None
            and row.ended_at < before
            and row.status not in _OPEN
            and row.run_id not in self._disk.shelf
        ]
        return sorted(found, key=lambda due: (due.ended_at, due.run_id))

    async def logs(self, root_id: str) -> list[Anchor]:
        """See `Shelf`."""
        return self._logs(root_id)

    async def order(self, root_id: str) -> list[str]:
        """See `Shelf`."""
        below = self._below(root_id)
        return [event.run_id for event in self._disk.events if event.run_id in below]

    async def put(self, root_id: str, logs: Sequence[Anchor], file: str, at: datetime) -> None:
        """See `Shelf`."""
        disk = self._disk
        run_ids = [log.run_id for log in logs]
        lying = [disk.shelf[run_id].file for run_id in run_ids if run_id in disk.shelf]
        if lying == [file] * len(logs) and logs:
            return
        if lying or not logs or self._logs(root_id) != sorted(logs):
            raise Fenced(f"run {root_id} went on, or was put away, meanwhile")
        # a position is a place in the list: what is taken out leaves its place
        disk.events[:] = [_NOBODYS if e.run_id in run_ids else e for e in disk.events]
        for place in [place for place in disk.signals if place[0] in run_ids]:
            del disk.signals[place]
        for run_id in run_ids:
            disk.shelf[run_id] = Shelved(run_id, file, at)
            disk.let_go(run_id)

    async def file_of(self, run_id: str) -> str | None:
        """See `Shelf`."""
        found = self._disk.shelf.get(run_id)
        return None if found is None else found.file

    async def shelved(self, file: str | None = None) -> list[Shelved]:
        """See `Shelf`."""
        found = [one for one in self._disk.shelf.values() if file in (None, one.file)]
        return sorted(found, key=lambda one: (one.file, one.run_id))

    async def sweep(self) -> Swept:
        """See `Shelf`."""
        bodies = [event.body for event in self._disk.events]
        idle = [
            sha
            for sha in self._disk.blobs
            if not any(b'"blob":{' in body and sha.encode() in body for body in bodies)
        ]
        for sha in idle:
            del self._disk.blobs[sha]
        return Swept(len(idle))

    def _logs(self, root_id: str) -> list[Anchor]:
        below = self._below(root_id)
        if any(run_row(self._disk.run(run_id).row).status in _OPEN for run_id in below):
            return []
        heads = ((run_id, self._disk.run(run_id).head) for run_id in below)
        return sorted(Anchor(run_id, head.seq, head.hash) for run_id, head in heads)

    def _below(self, root_id: str) -> set[str]:
        runs = self._disk.runs
        return {run_id for run_id, run in runs.items() if root_id in (run_id, run.root_id)}
