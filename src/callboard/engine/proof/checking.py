"""Checking an export, line by line, trusting nothing in it."""

from dataclasses import dataclass

from callboard.domain.errors import LogCorrupt
from callboard.domain.events.child_run import ChildRunStarted
from callboard.domain.events.codec import (
    GENESIS,
    Recorded,
    Sealed,
    blob_of,
    chain_hash,
    unseal,
    with_blob,
)
from callboard.domain.proof.anchor import Anchor
from callboard.engine.proof.index import Index
from callboard.engine.proof.lines import FORMAT, Line, Lines, LineSource, NotAnExport
from callboard.engine.proof.log import Log, Trust, check_log
from callboard.engine.proof.objects import Objects
from callboard.engine.proof.packing import unpacked


@dataclass(frozen=True, slots=True)
class Verified:
    """What an export that verifies holds, and what it does not show.

    `head_hash` is that of the root run's last event, `status` how that run stood, `ends` is how far every run in it had
    come. `absent` are recorded files
    that are not in the export, each with the reason; `unproven` is what was asked and cannot be answered.
    """

    run_id: str
    status: str
    head_hash: str
    runs: int
    events: int
    blobs: int
    objects: int
    log: Log
    is_key_given: bool
    absent: tuple[str, ...]
    ends: tuple[Anchor, ...]

    @property
    def unproven(self) -> str | None:
        """What was asked and the export cannot show."""
        return self.log.unproven


def check_export(source: LineSource, trust: Trust) -> Verified:
    """Check an export from its first line to its last.

    Raises:
        NotAnExport: it is something else.
        WrongLine: the first line that is wrong, and why.
    """
    lines = Lines(source)
    header = lines.expect("header")
    if header.text("format") != FORMAT:
        raise NotAnExport(f"the export is of format {header.text('format')!r}: upgrade Callboard")
    root_id = header.text("run")
    log = check_log(lines, header, trust)
    runs = _Runs(lines, log, root_id)
    runs.take_all()
    objects = Objects(sorted(runs.index.trees) if header.fields.get("files") is True else [])
    objects.take_all(lines)
    absent = objects.absent
    if header.fields.get("files") is not True and runs.index.trees:
        absent = [f"{len(runs.index.trees)} recorded trees: left out on purpose"]
    _check_index(lines.expect("index"), runs.index)
    end = lines.expect("end")
    if end.number_of("lines") != end.number:
        raise end.wrong(f"it counts {end.fields['lines']} lines", in_field="lines")
    lines.end()
    return Verified(
        root_id,
        runs.index.status(root_id),
        runs.heads[root_id],
        len(runs.heads),
        runs.events,
        len(runs.blobs),
        objects.count,
        log,
        trust.key is not None,
        tuple(absent),
        tuple(runs.ends),
    )


def _check_index(line: Line, index: Index) -> None:
    said = {name: value for name, value in line.fields.items() if name != "type"}
    for name, value in index.fields().items():
        if said.pop(name, None) != value:
            raise line.wrong(f"`{name}` is not what the events add up to", in_field=name)
    if said:
        strange = next(iter(said))
        raise line.wrong(f"`{strange}` is nothing that an index has", in_field=strange)


class _Runs:
    """The logs of a run and of everything below it."""

    def __init__(self, lines: Lines, log: Log, root_id: str) -> None:
        self._lines = lines
        self._log = log
        self._wanted: dict[str, str | None] = {root_id: None}
        self.heads: dict[str, str] = {}
        self.ends: list[Anchor] = []
        self.blobs: set[str] = set()
        self.events = 0
        self.index = Index()

    def take_all(self) -> None:
        while (line := self._lines.accept("run")) is not None:
            run_id = line.text("run")
            if run_id not in self._wanted or run_id in self.heads:
                raise line.wrong(
                    f"nothing before it says that run {run_id} belongs here", in_field="run"
                )
            self._take(line, run_id)
        missing = [run_id for run_id in self._wanted if run_id not in self.heads]
        if missing:
            raise self._lines.wrong(f"the log of run {missing[0]} is missing here")

    def _take(self, line: Line, run_id: str) -> None:
        head, seq = GENESIS, 0
        while (entry := self._lines.accept("event")) is not None:
            seq += 1
            head = self._event(entry, run_id, seq, head)
        if seq == 0:
            raise line.wrong(f"run {run_id} has no events", in_field="run")
        digest = self._wanted[run_id]
        if digest is not None and digest != self.index.definition_digest(run_id):
            raise line.wrong(
                f"run {run_id} has not the definition that its parent started", in_field="run"
            )
        end = Anchor(run_id, seq, head)
        self._log.check_anchor(self._lines.expect("anchor"), end)
        self.ends.append(end)
        self.heads[run_id] = head
        self.events += seq

    def _event(self, line: Line, run_id: str, seq: int, previous: str) -> str:
        try:
            body = line.text("body").encode()
        except UnicodeEncodeError:
            raise line.wrong("the event is not UTF-8", in_field="body") from None
        found = chain_hash(previous, body)
        if line.text("hash") != found:
            raise line.wrong(
                f"event {seq} of run {run_id} does not follow from the one before it",
                in_field="hash",
            )
        sealed = Sealed(run_id, seq, body, found)
        try:
            recorded = unseal(sealed)
            if (recorded.run_id, recorded.seq) == (run_id, seq):
                self.index.add(recorded, body)
        except (LogCorrupt, ValueError, ArithmeticError, RecursionError) as error:
            raise line.wrong(str(error), in_field="body") from None
        if (recorded.run_id, recorded.seq) != (run_id, seq):
            raise line.wrong(f"this is not event {seq} of run {run_id}", in_field="body")
        if isinstance(recorded.event, ChildRunStarted):
            self._wanted.setdefault(recorded.event.child_run_id, recorded.event.definition_digest)
        self._blob(recorded)
        return found

    def _blob(self, recorded: Recorded) -> None:
        ref = blob_of(recorded.event)
        if ref is None or ref.sha256 in self.blobs:
            return
        line = self._lines.expect("blob")
        content = unpacked(line)
        if len(content) != ref.size:
            raise line.wrong(
                f"the event says {ref.size} bytes, here are {len(content)}", in_field="size"
            )
        try:
            with_blob(recorded.event, content)
        except (LogCorrupt, ValueError) as error:
            raise line.wrong(str(error), in_field="zlib") from None
        self.blobs.add(ref.sha256)
