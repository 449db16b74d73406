"""Putting runs away that ended long ago: into files first, and out of the database when those were read back."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, timezone
from functools import partial
from itertools import groupby
from typing import Final

from callboard.domain.errors import (
    ArchiveDamaged,
    CallboardError,
    ConfigurationInvalid,
    Fenced,
    LogCorrupt,
)
from callboard.domain.org.principal import Principal
from callboard.domain.proof.anchor import Anchor
from callboard.engine.proof.checking import check_export
from callboard.engine.proof.lines import NotAnExport, WrongLine
from callboard.engine.proof.log import Trust
from callboard.ports.archive import ArchiveFile, Due, NewArchiveFile, Sink, Swept
from callboard.usecases.app import App, require
from callboard.usecases.archive import Archive, Aside, archive_of
from callboard.usecases.export_run import ExportRun, SecretInLog, ends_of, export_lines
from callboard.usecases.proof import Proof, proof_of
from callboard.usecases.recording import write

_PIECE: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class PutAway:
    """Put away every root run that ended before a day (in UTC), with everything below it. `files`: with the files that
    were recorded, as far as they are still here. `dry_run`: only say which.
    """

    before: date
    files: bool = True
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Away:
    """A root run that was put away, or would be (`file` is None then): how many runs and events that is."""

    run_id: str
    ended_at: datetime
    runs: int
    events: int
    file: str | None = None


@dataclass(frozen=True, slots=True)
class Left:
    """A root run that stays in the database, and why."""

    run_id: str
    why: str


@dataclass(slots=True)
class PutReport:
    """What was put away, what was left, and what was removed because nobody needs it any more."""

    away: list[Away] = field(default_factory=list[Away])
    left: list[Left] = field(default_factory=list[Left])
    swept: Swept = field(default_factory=Swept)


async def put_away(app: App, who: Principal, wish: PutAway) -> PutReport:
    """Put runs away, each into a file of the month in which it ended.

    A file is complete and durable, and what is in it was read back and checked, before a run leaves the database. What
    a process that died had written is used by the next one.

    Raises:
        ConfigurationInvalid: the day has not come yet, or the archive cannot be used.
        LogCorrupt: the log of this deployment does not verify: nothing is put away.
    """
    require(who, "archive.manage")
    archive = archive_of(app.archive)
    last = app.ports.clock.now().astimezone(timezone.utc).date() + timedelta(days=1)
    if wish.before > last:
        raise ConfigurationInvalid(f"{wish.before} is still to come: name {last}, or a day before")
    work = _Work(app, who, archive, wish, proof_of(app.proof))
    if wish.dry_run:
        await work.look()
        return work.report
    async with Aside(archive.folder.alone()):
        await work.use_what_is_there()
        for month, due in groupby(await work.due(), lambda one: f"{one.ended_at:%Y-%m}"):
            await work.put(month, list(due))
    work.report.swept = await archive.shelf.sweep()
    return work.report


class _Work:
    def __init__(
        self, app: App, who: Principal, archive: Archive, wish: PutAway, proof: Proof
    ) -> None:
        self._app = app
        self._who = who
        self._shelf = archive.shelf
        self._folder = archive.folder
        self._wish = wish
        self._proof = proof
        self.report = PutReport()

    async def due(self) -> list[Due]:
        before = datetime.combine(self._wish.before, time(), timezone.utc)
        left = {one.run_id for one in self.report.left}
        return [one for one in await self._shelf.due(before) if one.run_id not in left]

    async def look(self) -> None:
        """Say what would be put away."""
        for due in await self.due():
            logs = await self._logs(due)
            if logs:
                self._note(due, logs, None)

    async def use_what_is_there(self) -> None:
        """Put away what lies in a file already: whoever wrote it died before it was taken out of the database."""
        waiting = {due.run_id: due for due in await self.due()}
        names = await asyncio.to_thread(self._folder.names) if waiting else []
        for name in names:
            try:
                async with Aside(self._folder.open(name)) as file:
                    found = [waiting[one.run_id] for one in file.members if one.run_id in waiting]
                    if found:
                        await self._shelve(found, name, file)
            except ArchiveDamaged:
                continue  # it is as good as not there; `callboard archive verify` says so
            for away in self.report.away:
                waiting.pop(away.run_id, None)
        self.report.left.clear()  # what another file cannot vouch for comes into a new one

    async def put(self, month: str, due: Sequence[Due]) -> None:
        """Put what ended in a month into a new file."""
        logs = {one.run_id: await self._ends(one) for one in due}
        every = [end for ends in logs.values() for end in ends]
        if not every:
            return
        await self._proof.log.append(every, self._app.ports.clock.now())
        signed = await self._proof.sign()
        written: list[Due] = []
        async with Aside(self._folder.begin(month)) as new:
            for one in due:
                ends = logs[one.run_id]
                export = partial(export_lines, self._app, ends=ends, signed=signed)
                if ends and await self._written(new, one, export):
                    written.append(one)
            if not written:
                return
            name = await asyncio.to_thread(new.finish)
        async with Aside(self._folder.open(name)) as file:
            await self._shelve(written, name, file)

    async def _ends(self, due: Due) -> list[Anchor]:
        """Return how far a run and all below it have come, parents first; nothing, and the reason, where it stays."""
        logs = await self._logs(due)
        if not logs:
            return []
        try:
            ends = await ends_of(self._app, due.run_id)
        except CallboardError as error:
            self._leave(due, str(error))
            return []
        if not set(logs) <= set(ends):  # a fork's names runs of others besides
            self._leave(due, "its logs are not what the list of runs says of them")
            return []
        return ends

    async def _logs(self, due: Due) -> list[Anchor]:
        logs = await self._shelf.logs(due.run_id)
        if not logs:
            self._leave(due, "something below it has not ended")
        return logs

    async def _written(
        self,
        new: NewArchiveFile,
        due: Due,
        export: "Callable[[ExportRun], AsyncGenerator[bytes]]",
    ) -> bool:
        """Write a run into a file: without its recorded files where those hold what must not leave."""
        why = ""
        for files in dict.fromkeys((self._wish.files, False)):
            try:
                async with Aside(new.add(due.run_id, due.ended_at)) as sink:
                    await _pour(export(ExportRun(due.run_id, files)), sink)
            except SecretInLog as refusal:
                why = str(refusal)
                continue
            except LogCorrupt as refusal:
                why = str(refusal)
                break
            order = await self._shelf.order(due.run_id)
            await asyncio.to_thread(new.add_order, due.run_id, order)
            return True
        self._leave(due, why)
        return False

    async def _shelve(self, due: Sequence[Due], name: str, file: ArchiveFile) -> None:
        """Check what a file holds, write down that it does, and take that out of the database."""
        checked: list[tuple[Due, list[Anchor]]] = []
        for one in due:
            logs = await self._shelf.logs(one.run_id)
            why = await asyncio.to_thread(self._wrong, file, one.run_id, logs)
            if why:
                self._leave(one, why)
            else:
                checked.append((one, logs))
        if not checked:
            return
        last = self._wish.before
        note = f"{name}: {len(checked)} runs with all below them, which ended before {last}"
        await write(self._app, self._who, "archive.manage", note=note)
        for one, logs in checked:
            try:
                await self._shelf.put(one.run_id, logs, name, self._app.ports.clock.now())
            except Fenced as refusal:
                self._leave(one, str(refusal))
            else:
                self._note(one, logs, name)

    def _wrong(self, file: ArchiveFile, run_id: str, logs: Sequence[Anchor]) -> str:
        """Return why a file cannot take a run's place; empty: it can."""
        try:
            with file.source(run_id) as source:
                found = check_export(source, Trust(self._proof.is_signature))
            order = file.order(run_id)
        except (WrongLine, NotAnExport, CallboardError) as wrong:
            return f"what was written of it is not right: {wrong}"
        if found.run_id != run_id or not set(logs) <= set(found.ends):
            return "what was written of it is not what the database holds"
        if Counter(order) != {log.run_id: log.seq for log in logs}:
            return "the order of its events was not written whole"
        return ""

    def _note(self, due: Due, logs: Sequence[Anchor], file: str | None) -> None:
        events = sum(log.seq for log in logs)
        self.report.away.append(Away(due.run_id, due.ended_at, len(logs), events, file))

    def _leave(self, due: Due, why: str) -> None:
        self.report.left.append(Left(due.run_id, why))


async def _pour(lines: AsyncGenerator[bytes], sink: Sink) -> None:
    """Write lines, many at a time, beside the event loop."""
    waiting: list[bytes] = []
    size = 0
    async for line in lines:
        waiting.append(line)
        size += len(line)
        if size >= _PIECE:
            await asyncio.to_thread(sink.write, b"".join(waiting))
            waiting, size = [], 0
    await asyncio.to_thread(sink.write, b"".join(waiting))
