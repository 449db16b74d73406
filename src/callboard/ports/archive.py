"""The archive: logs of runs that ended long ago, in compressed files beside the database.

A shelf says which run lies in which file; a folder holds the files. What is in a file is an export of a root run with
everything below it, and the order in which the events of its logs were stored.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from callboard.domain.proof.anchor import Anchor
from callboard.engine.proof.lines import LineSource


@dataclass(frozen=True, slots=True)
class Due:
    """A root run that ended, and when."""

    run_id: str
    ended_at: datetime


@dataclass(frozen=True, slots=True)
class Shelved:
    """A run that lies in a file of the archive, and when it was put there."""

    run_id: str
    file: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Swept:
    """What nobody refers to any more and was removed: blobs, whole tables of events, and packs of recorded files."""

    blobs: int = 0
    tables: tuple[str, ...] = ()
    packs: int = 0


class Shelf(Protocol):
    """Which runs were taken out of the database, in the same database. Their rows, and the log of the deployment, stay."""

    async def due(self, before: datetime) -> list[Due]:
        """Return the root runs that ended before a time and are here, those that ended first first."""
        ...

    async def logs(self, root_id: str) -> list[Anchor]:
        """Return how far a root run and everything below it have come, by their rows, the smallest id first. Nothing
        where a part of it has not ended.
        """
        ...

    async def order(self, root_id: str) -> list[str]:
        """Return for each event of a root run and of what is below it, in the order in which they were stored, which run
        it is of.
        """
        ...

    async def put(self, root_id: str, logs: Sequence[Anchor], file: str, at: datetime) -> None:
        """Take the events, the marks and the signals of a root run and of everything below it out of the database, and
        note that they lie in a file: all of it or nothing. Whoever held a claim has lost it. Does nothing where it lies
        in that file already.

        Raises:
            Fenced: a part of it goes on, its logs are not these, or it lies in another file.
        """
        ...

    async def file_of(self, run_id: str) -> str | None:
        """Return the file in which a run lies; None: it is in the database, or nowhere."""
        ...

    async def shelved(self, file: str | None = None) -> list[Shelved]:
        """Return what lies in a file, or in all of them, by file and id."""
        ...

    async def sweep(self) -> Swept:
        """Remove what no event refers to any more. Safe at any time, and beside anything else."""
        ...


class Member(NamedTuple):
    """A root run in a file, and how many bytes its export has."""

    run_id: str
    size: int


class ArchiveFile(Protocol):
    """A file of the archive, open for reading. Trusts nothing in it: whatever it holds, nothing is written anywhere."""

    @property
    def members(self) -> Sequence[Member]:
        """The root runs in it, in the order in which they were put there."""
        ...

    def source(self, run_id: str) -> AbstractContextManager[LineSource]:
        """Open the export of a root run, to be read once, piece by piece.

        Raises:
            UnknownThing: it is not in the file.
            ArchiveDamaged: also while it is read.
        """
        ...

    def order(self, run_id: str) -> list[str]:
        """Return which run each event of an export is of, in the order in which they were stored.

        Raises:
            UnknownThing: it is not in the file.
            ArchiveDamaged: it cannot be read.
        """
        ...


class NewArchiveFile(Protocol):
    """A file in the making. Nobody sees it before it is finished."""

    def add(self, run_id: str, ended_at: datetime) -> AbstractContextManager["Sink"]:
        """Begin the export of a root run. What is not closed as it should be, is dropped with the whole file."""
        ...

    def add_order(self, run_id: str, order: Sequence[str]) -> None:
        """Add which run each event of an export is of."""
        ...

    def finish(self) -> str:
        """Make the file durable and give it its name; return that. Never takes another file's place."""
        ...


class Sink(Protocol):
    """Where bytes go."""

    def write(self, content: bytes, /) -> int:
        """Write all of them."""
        ...


class ArchiveFolder(Protocol):
    """Where the files are. Every call blocks.

    Raises:
        ConfigurationInvalid: the folder cannot be used; names it.
    """

    @property
    def title(self) -> str:
        """What messages call it."""
        ...

    def names(self) -> list[str]:
        """Return the names of the files, the oldest month first."""
        ...

    def open(self, name: str) -> AbstractContextManager[ArchiveFile]:
        """Open a file.

        Raises:
            UnknownThing: there is none of that name.
            ArchiveDamaged: it is no archive, or one that nobody should open.
        """
        ...

    def begin(self, month: str) -> AbstractContextManager[NewArchiveFile]:
        """Begin a file of the runs that ended in a month, `2026-05`. What was not finished leaves nothing behind."""
        ...

    def alone(self) -> AbstractContextManager[None]:
        """Keep every other process from putting runs into this folder; clear away what a killed one left.

        Raises:
            UserMistake: another process is at it.
        """
        ...
