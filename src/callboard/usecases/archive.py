"""What a deployment keeps its archive with, and runs as they are read from there."""

import asyncio
from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Generic, TypeVar

from callboard.domain.errors import ArchiveDamaged, ConfigurationInvalid, LogCorrupt, RunArchived
from callboard.domain.events.codec import (
    GENESIS,
    Recorded,
    Sealed,
    blob_of,
    chain_hash,
    unseal,
    with_blob,
)
from callboard.engine.proof.lines import Line, LineSource, NotAnExport, WrongLine, read_lines
from callboard.engine.proof.packing import unpacked
from callboard.ports.archive import ArchiveFile, ArchiveFolder, Shelf
from callboard.ports.event_store import EventStore

T = TypeVar("T")
_LOG_LINES: Final = frozenset({"header", "checkpoint", "consistency", "run", "anchor"})


@dataclass(frozen=True, slots=True)
class Archive:
    """Which runs lie where, and the place of the files."""

    shelf: Shelf
    folder: ArchiveFolder


def archive_of(archive: Archive | None) -> Archive:
    """Return what a deployment keeps its archive with.

    Raises:
        ConfigurationInvalid: this one was put together without.
    """
    if archive is None:
        raise ConfigurationInvalid("this Callboard keeps no archive; use one with a home")
    return archive


class Aside(Generic[T]):
    """Enters and leaves what blocks without holding up the event loop."""

    def __init__(self, blocking: AbstractContextManager[T]) -> None:
        self._blocking = blocking

    async def __aenter__(self) -> T:
        return await asyncio.to_thread(self._blocking.__enter__)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        raised: BaseException | None,
        trace: TracebackType | None,
    ) -> bool | None:
        return await asyncio.to_thread(self._blocking.__exit__, kind, raised, trace)


@dataclass(slots=True)
class StoredLogs:
    """The logs of an archived root run and of everything below it, parents first, and the blobs that they refer to."""

    logs: dict[str, list[Sealed]] = field(default_factory=dict[str, list[Sealed]])
    blobs: dict[str, bytes] = field(default_factory=dict[str, bytes])

    def in_order(self, order: Sequence[str]) -> list[Sealed]:
        """Return the events of the runs that an order names, in that order; run by run where it is none of these."""
        named = {run_id: self.logs.get(run_id, []) for run_id in dict.fromkeys(order)}
        if Counter(order) != {run_id: len(log) for run_id, log in named.items()}:
            return [sealed for log in self.logs.values() for sealed in log]
        left = {run_id: iter(log) for run_id, log in named.items()}
        return [next(left[run_id]) for run_id in order]

    def whole(self, sealed: Sealed) -> Recorded:
        """Return an event with its payload put back.

        Raises:
            LogCorrupt: it cannot be read.
        """
        recorded = unseal(sealed)
        ref = blob_of(recorded.event)
        if ref is None:
            return recorded
        event = with_blob(recorded.event, self.blobs.get(ref.sha256, b""))
        return Recorded(recorded.run_id, recorded.seq, recorded.at, event)


class Logs:
    """Logs wherever they lie, for those who follow a log to the runs below it: a fork's log goes on naming those of the
    run that it was forked from, which may have been put away. A file is read once.
    """

    def __init__(self, store: EventStore, archive: Archive | None) -> None:
        self._store = store
        self._archive = archive
        self._read: dict[str, StoredLogs] = {}

    async def read(self, run_id: str) -> list[Sealed]:
        """Return a run's events in order.

        Raises:
            UnknownThing: no such run.
            ArchiveDamaged: the file that it lies in is not as it was written.
        """
        try:
            return await self._store.read(run_id)
        except RunArchived as away:
            row = await self._store.row(run_id)
            if self._archive is None or row is None:
                raise
            found = self._read.get(row.root_id)
            if found is None:
                async with Aside(self._archive.folder.open(away.file)) as file:
                    found = await checked_logs(self._store, file, row.root_id)
                self._read[row.root_id] = found
            return found.logs.get(run_id, [])

    async def blobs(self, sha256s: Sequence[str]) -> dict[str, bytes]:
        """Return the contents that are there, by address."""
        found = await self._store.blobs(sha256s)
        for stored in self._read.values():
            found |= {sha: stored.blobs[sha] for sha in sha256s if sha in stored.blobs}
        return found


async def checked_logs(store: EventStore, file: ArchiveFile, run_id: str) -> StoredLogs:
    """Return what a file holds of a root run, where its logs end as the database says that they do.

    Raises:
        UnknownThing: it is not in the file, or the database knows nothing of a run in it.
        ArchiveDamaged: it is not as it was written.
    """
    found = await asyncio.to_thread(read_logs, file, run_id)
    for name, log in found.logs.items():
        head, end = await store.head(name), GENESIS
        for sealed in log:
            end = chain_hash(end, sealed.body)
        if (head.seq, head.hash) != (len(log), end):
            raise ArchiveDamaged(
                f"run {name} in the archive is not as it was written: its log does not end as the database says"
            )
    return found


def read_logs(file: ArchiveFile, run_id: str) -> StoredLogs:
    """Return what a file holds of a root run. Blocks; reads no further than the recorded files.

    Raises:
        UnknownThing: it is not in the file.
        ArchiveDamaged: it is not as it was written.
    """
    found = StoredLogs()
    with file.source(run_id) as source:
        for sealed, blob in log_lines(source, run_id):
            if sealed is not None:
                found.logs.setdefault(sealed.run_id, []).append(sealed)
            if blob is not None:
                ref = blob_of(unseal(found.logs[blob[0]][-1]).event)
                if ref is not None:
                    found.blobs[ref.sha256] = blob[1]
    return found


def log_lines(
    source: LineSource, run_id: str
) -> Generator[tuple[Sealed | None, tuple[str, bytes] | None]]:
    """Yield the events of an export, and the blobs with the run whose last event refers to them.

    Raises:
        ArchiveDamaged: a line is not as it was written.
    """
    at = ""
    seq = 0
    try:
        for line in read_lines(source):
            match line.fields.get("type"):
                case "run":
                    at, seq = line.text("run"), 0
                case "event":
                    seq += 1
                    yield _sealed(line, at, seq), None
                case "blob":
                    yield None, (at, unpacked(line))
                case kind if kind not in _LOG_LINES:
                    return
                case _:
                    pass
    except (WrongLine, NotAnExport, LogCorrupt) as wrong:
        raise ArchiveDamaged(
            f"run {run_id} in the archive is not as it was written: {wrong}"
        ) from None


def _sealed(line: Line, run_id: str, seq: int) -> Sealed:
    return Sealed(run_id, seq, line.text("body").encode(errors="replace"), line.text("hash"))
