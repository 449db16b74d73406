"""Looking into the archive: what lies where, one run, a text in all of them."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from callboard.domain.errors import ArchiveDamaged, UnknownThing, UserMistake
from callboard.domain.events.codec import Sealed
from callboard.domain.org.principal import Principal, in_space
from callboard.engine.authority import may
from callboard.engine.excerpts import excerpt, in_bodies
from callboard.ports.archive import ArchiveFile, Shelved
from callboard.usecases.app import App, require, require_run, seen_spaces
from callboard.usecases.archive import Archive, Aside, archive_of, checked_logs, log_lines
from callboard.usecases.runs import ShownRun

_LONGEST: Final = 1_000


@dataclass(frozen=True, slots=True)
class ListedFile:
    """A file of the archive: how many runs lie in it, when the first and the last were put there, and whether it is in
    the folder.
    """

    file: str
    runs: int
    first_at: datetime | None
    last_at: datetime | None
    is_there: bool


@dataclass(frozen=True, slots=True)
class Hit:
    """An event of an archived run that holds a text. `payload`: the text is in what the event keeps outside the log."""

    run_id: str
    root_id: str
    seq: int
    file: str
    excerpt: str
    payload: bool = False


async def list_archive(app: App, who: Principal) -> list[ListedFile]:
    """Return the files that the database knows, and those that lie in the folder besides."""
    require(who, "archive.manage")
    archive = archive_of(app.archive)
    there = await asyncio.to_thread(archive.folder.names)
    by_file: dict[str, list[Shelved]] = {name: [] for name in there}
    for one in await archive.shelf.shelved():
        by_file.setdefault(one.file, []).append(one)
    return [_listed(name, found, there) for name, found in by_file.items()]


def _listed(name: str, found: Sequence[Shelved], there: Sequence[str]) -> ListedFile:
    times = [one.at for one in found]
    first, last = min(times, default=None), max(times, default=None)
    return ListedFile(name, len(found), first, last, name in there)


async def archived_run(app: App, who: Principal, run_id: str) -> tuple[ShownRun, str]:
    """Return a run that was put away, with everything below it as it was stored, and the file that it lies in.

    Raises:
        UnknownThing: no such run, none that they may see, or one that was not put away.
        ArchiveDamaged: its file is not as it was written.
    """
    row = await require_run(app, who, "run.read", run_id)
    file = await archive_of(app.archive).shelf.file_of(run_id)
    if file is None:
        raise UnknownThing(
            f"run {run_id} was not put away; read it with `callboard runs show {run_id}`"
        )
    async with Aside(archive_of(app.archive).folder.open(file)) as source:
        stored = await checked_logs(app.ports.store, source, row.root_id)
        order = await asyncio.to_thread(source.order, row.root_id)
    below = {one.run_id for one in await app.threads.runs(run_id)}
    sealed = [one for one in stored.in_order(order) if one.run_id in below]
    if not sealed:
        raise ArchiveDamaged(f"{file}: run {run_id} is not in it as the database says")
    return ShownRun(row, sealed, [stored.whole(one) for one in sealed]), file


async def search_archive(
    app: App, who: Principal, text: str, limit: int = 100
) -> AsyncGenerator[Hit]:
    """Yield the events of archived runs that hold a text, whatever its capitals, file by file. Nothing is unpacked to a
    disk. Runs that somebody may not see are left out.

    Raises:
        UserMistake: there is nothing to look for.
        ArchiveDamaged: a file is not as it was written; the others were looked through.
    """
    seen_spaces(who, "run.read")
    archive = archive_of(app.archive)
    sought = in_bodies(text)
    if not sought or len(sought) > _LONGEST:
        raise UserMistake(f"look for a text of 1 to {_LONGEST} characters")
    search, damaged = _Search(app, archive, who, sought), None
    for name in await asyncio.to_thread(archive.folder.names):
        try:
            async for hit in search.hits(name, limit):
                yield hit
                limit -= 1
        except ArchiveDamaged as error:
            damaged = damaged or error
        if limit <= 0:
            return
    if damaged is not None:
        raise damaged


@dataclass(frozen=True, slots=True)
class _Search:
    app: App
    archive: Archive
    who: Principal
    sought: bytes

    async def hits(self, name: str, limit: int) -> AsyncGenerator[Hit]:
        async with Aside(self.archive.folder.open(name)) as file:
            for run_id, _ in file.members:
                if limit <= 0 or not await self._is_shown(run_id, name):
                    continue
                hits = await asyncio.to_thread(_hits, file, name, run_id, self.sought, limit)
                limit -= len(hits)
                for hit in hits:
                    yield hit

    async def _is_shown(self, run_id: str, name: str) -> bool:
        """Return whether what a file holds of a run is what there is of it, and somebody may see it."""
        row = await self.app.ports.store.row(run_id)
        if row is None or not self.who.sees(row.space):
            return False
        if not may(self.who, "run.read", in_space(row.space)):
            return False
        return await self.archive.shelf.file_of(run_id) == name


def _hits(file: ArchiveFile, name: str, root_id: str, sought: bytes, limit: int) -> list[Hit]:
    own = set(file.order(root_id))  # it may hold copies of other runs, which a fork's log names
    found: list[Hit] = []
    last: Sealed | None = None
    with file.source(root_id) as source:
        for sealed, blob in log_lines(source, root_id):
            last = sealed or last
            content = sealed.body if sealed is not None else (blob or ("", b""))[1]
            near = excerpt(content, sought)
            if near and last is not None and last.run_id in own:
                payload = sealed is None
                found.append(Hit(last.run_id, root_id, last.seq, name, near, payload))
                if len(found) >= limit:
                    break
    return found
