"""Checking the archive: every file, and that the database and the files say the same."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from callboard.domain.errors import ArchiveDamaged, CallboardError, UnknownThing
from callboard.domain.org.principal import Principal
from callboard.engine.proof.checking import Verified, check_export
from callboard.engine.proof.lines import NotAnExport, WrongLine
from callboard.engine.proof.log import Trust
from callboard.ports.archive import ArchiveFile
from callboard.usecases.app import App, require
from callboard.usecases.archive import Archive, Aside, archive_of
from callboard.usecases.proof import Seen, proof_of


@dataclass(slots=True)
class CheckedFile:
    """What a check of one file found: how many root runs and events verify, what is wrong, and what is only worth
    knowing.
    """

    file: str
    runs: int = 0
    events: int = 0
    problems: list[str] = field(default_factory=list[str])
    notes: list[str] = field(default_factory=list[str])


async def verify_archive(app: App, who: Principal, file: str | None = None) -> list[CheckedFile]:
    """Check a file, or all of them: each export, that the log of the deployment has its runs as they are there, and
    that everything lies where the database says.

    Raises:
        UnknownThing: there is no such file, neither here nor in the database.
    """
    require(who, "archive.manage")
    archive = archive_of(app.archive)
    proof = proof_of(app.proof)
    expected: dict[str, set[str]] = {}
    for one in await archive.shelf.shelved(file):
        expected.setdefault(one.file, set()).add(one.run_id)
    there = await asyncio.to_thread(archive.folder.names)
    names = sorted({*expected, *there}) if file is None else [file]
    if file is not None and file not in there and file not in expected:
        raise UnknownThing(f"there is no file {file} in {archive.folder.title}")
    seen = await proof.look()
    trust = Trust(proof.is_signature)
    checks = _Checks(app, archive, trust, seen)
    found = [await checks.file(name, expected.get(name, set())) for name in names]
    if found:
        found[0].problems[:0] = seen.problems
    return found


@dataclass(frozen=True, slots=True)
class _Checks:
    app: App
    archive: Archive
    trust: Trust
    seen: Seen

    async def file(self, name: str, expected: set[str]) -> CheckedFile:
        checked = CheckedFile(name)
        lying: set[str] = set()
        try:
            async with Aside(self.archive.folder.open(name)) as file:
                for member in file.members:
                    try:
                        found, own = await asyncio.to_thread(self._member, file, member.run_id)
                    except (WrongLine, NotAnExport, CallboardError) as wrong:
                        checked.problems.append(f"{name}: run {member.run_id}: {wrong}")
                        continue
                    checked.runs += 1
                    checked.events += sum(own.values())
                    lying |= set(own)
                    await self._compare(checked, found, expected)
        except CallboardError as error:
            checked.problems.append(str(error))
        missing = sorted(expected - lying)
        checked.problems += [
            f"{name}: run {run_id} should lie in it, and does not" for run_id in missing
        ]
        return checked

    def _member(self, file: ArchiveFile, run_id: str) -> tuple[Verified, Counter[str]]:
        """Check one export; return what is in it, and how many events each run has that lies there: it may hold copies
        of other runs, which a fork's log names.

        Raises:
            WrongLine: it does not verify.
            NotAnExport: it is something else.
            ArchiveDamaged: it cannot be read, or is of another run.
        """
        with file.source(run_id) as source:
            found = check_export(source, self.trust)
        if found.run_id != run_id:
            raise ArchiveDamaged(f"it is of run {found.run_id}")
        own = Counter(file.order(run_id))
        if run_id not in own or not own.items() <= {(end.run_id, end.seq) for end in found.ends}:
            raise ArchiveDamaged("the order of its events is not one of its events")
        return found, own

    async def _compare(self, checked: CheckedFile, found: Verified, expected: set[str]) -> None:
        """Compare what a file holds of a run with what the database knows of it."""
        for end in found.ends:
            try:
                head = await self.app.ports.store.head(end.run_id)
            except UnknownThing:
                checked.problems.append(
                    f"{checked.file}: this deployment knows nothing of run {end.run_id}"
                )
                continue
            if (head.seq, head.hash) != (end.seq, end.hash):
                checked.problems.append(
                    f"{checked.file}: run {end.run_id} ends with event {end.seq} there; the database says that it ends "
                    f"with event {head.seq}, {head.hash}"
                )
            if end not in self.seen.anchors:
                checked.problems.append(
                    f"{checked.file}: the log of this deployment was not given run {end.run_id} as it is there"
                )
        if found.run_id not in expected:
            checked.notes.append(await self._elsewhere(checked.file, found.run_id))

    async def _elsewhere(self, name: str, run_id: str) -> str:
        file = await self.archive.shelf.file_of(run_id)
        where = "in the database" if file is None else f"in {file}"
        return f"{name}: what it holds of run {run_id} is a copy; the run itself is {where}"


def problems_of(found: Sequence[CheckedFile]) -> list[str]:
    """Return everything that is wrong."""
    return [problem for one in found for problem in one.problems]
