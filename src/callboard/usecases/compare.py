"""Two runs side by side: what they have in common, where they part, and what came of each."""

import difflib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from callboard.domain.events.codec import Recorded
from callboard.domain.events.run import RunCreated
from callboard.domain.org.principal import Principal
from callboard.domain.run_row import RunRow
from callboard.engine.thread.row import Cast, Player, Row
from callboard.engine.thread.telling import rows_of
from callboard.runtime.reading import load
from callboard.usecases.app import App, require_run
from callboard.usecases.diff import last_files
from callboard.usecases.threads import step_titles

_OF_THE_RUN = frozenset(
    {"v", "duration_ms", "epoch", "forked_from", "parent", "deadline_at", "workspace"}
)
_OF_THE_START = frozenset({"actor", "accounts", "space", "task", "step", "on_limit"})
_SHOWN = 300


@dataclass(frozen=True, slots=True)
class Side:
    """One of the runs: its row, how many events of which kind it has, and what it changed, by path. `rest` tells what
    it did from where the two part.
    """

    row: RunRow
    events: int
    kinds: Mapping[str, int]
    files: Mapping[str, str]
    rest: tuple[Row, ...] = ()


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs. The first `common` events say the same; `lines` tell the rest, marked `-` for the left run,
    `+` for the right one and blank for both. `files` are the paths that came out differently.
    """

    left: Side
    right: Side
    common: int
    lines: tuple[str, ...]
    files: tuple[str, ...]

    @property
    def agreed(self) -> str:
        """How long they are alike, in a sentence."""
        if self.common == 0:
            return "They differ from the first event on."
        return f"The first {'event says' if self.common == 1 else f'{self.common} events say'} the same."


async def compare_runs(app: App, who: Principal, left_id: str, right_id: str) -> Comparison:
    """Compare two runs of any kind.

    Raises:
        UnknownThing: one of them does not exist.
    """
    rows = [await require_run(app, who, "run.read", run_id) for run_id in (left_id, right_id)]
    logs = [await load(app.ports.store, row.run_id) for row in rows]
    common = _common(*logs)
    left, right = (_side(row, log, common) for row, log in zip(rows, logs, strict=True))
    differing = [
        path
        for path in sorted({*left.files, *right.files})
        if left.files.get(path) != right.files.get(path)
    ]
    before, after = ([_told(entry) for entry in log[common:]] for log in logs)
    rest = difflib.ndiff(before, after)
    lines = tuple(line for line in rest if not line.startswith("?"))
    return Comparison(left, right, common, lines, tuple(differing))


def _side(row: RunRow, log: Sequence[Recorded], common: int) -> Side:
    kinds = Counter(entry.event.type for entry in log)
    first = log[0].event if log else None
    titles = step_titles(first if isinstance(first, RunCreated) else None)
    cast = Cast({row.run_id: Player(row.title, is_agent=row.kind == "agent")}, titles)
    rest = rows_of(cast, [(entry.seq, entry, entry.seq > common) for entry in log])
    return Side(row, len(log), dict(sorted(kinds.items())), _files(log), tuple(rest))


def _files(log: Sequence[Recorded]) -> dict[str, str]:
    """Return the last recorded diff, by path."""
    last = last_files(log)
    if last is None:
        return {}
    parts = (last.diff or "").split("diff --git ")
    found = {change.path: "" for change in last.changes}
    for part in parts[1:]:
        path = part.partition("\n")[0].rpartition(" b/")[2]
        found[path] = part
    return found


def _common(left: Sequence[Recorded], right: Sequence[Recorded]) -> int:
    """Return how many events at the beginning say the same."""
    pairs = enumerate(zip(left, right, strict=False))
    differing = (at for at, (one, other) in pairs if _compared(one) != _compared(other))
    return next(differing, min(len(left), len(right)))


def _compared(entry: Recorded) -> JsonValue:
    """Return what an event says, without what is different in every run."""
    fields = entry.event.model_dump(mode="json")
    if isinstance(
        entry.event, RunCreated
    ):  # a fork of somebody else's, or apart from its task, begins the same
        fields = {name: value for name, value in fields.items() if name not in _OF_THE_START}
    return _plain(fields, entry.run_id)


def _plain(value: JsonValue, run_id: str) -> JsonValue:
    match value:
        case dict():
            kept = {key: item for key, item in value.items() if key not in _OF_THE_RUN}
            return {key: _plain(item, run_id) for key, item in kept.items()}
        case list():
            return [_plain(item, run_id) for item in value]
        case str():
            return value.replace(run_id, "RUN")
        case _:
            return value


def _told(entry: Recorded) -> str:
    """Return an event in one line."""
    said = entry.event.model_dump(mode="json", exclude_defaults=True, exclude={"type"})
    fields = _plain(said, entry.run_id)
    text = json.dumps(fields, ensure_ascii=False)
    return f"{entry.event.type} {text if len(text) <= _SHOWN else text[:_SHOWN] + '…'}"
