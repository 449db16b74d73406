"""From ripgrep's output to what a model reads. Pure."""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

MOST_RESULTS = 250
MOST_CHARACTERS = 20_000
_LINE = re.compile(r"(?P<path>[^\0]*)\0(?P<number>\d+)(?P<mark>[:-])(?P<text>.*)", re.DOTALL)
_COUNT = re.compile(r"(?P<path>[^\0]*)\0(?P<count>\d+)")


@dataclass(frozen=True, slots=True)
class Results:
    """Text for the model, and why the search ended early, if it did."""

    text: str
    message: str | None


class _Collector:
    """Gathers lines until a limit is reached."""

    def __init__(self, per_file: int, visible: Callable[[str], bool]) -> None:
        self._per_file = per_file
        self._visible = visible
        self._known: dict[str, bool] = {}
        self._lines: list[str] = []
        self._size = 0
        self._matches: Counter[str] = Counter()
        self._truncated: list[str] = []
        self.ending: str | None = None

    def shows(self, path: str) -> bool:
        """Whether a file may be shown; asked once per file."""
        if path not in self._known:
            self._known[path] = self._visible(path)
        return self._known[path]

    def add(self, line: str) -> None:
        """Take a line, unless the output is full."""
        if self._size + len(line) > MOST_CHARACTERS:
            self.ending = "[Output size limit reached.]"
            return
        self._lines.append(line)
        self._size += len(line) + 1

    def match(self, path: str, line: str, *, is_match: bool) -> None:
        """Take a line of a file; lines of context are free."""
        if path in self._truncated:
            return
        if is_match and self._matches[path] >= self._per_file:
            self._truncated.append(path)
            return
        if is_match and self._matches.total() >= MOST_RESULTS:
            self.ending = f"[Global limit of {MOST_RESULTS} results reached.]"
            return
        self.add(line)
        if is_match and self.ending is None:
            self._matches[path] += 1

    def results(self) -> Results:
        """Return all that was gathered."""
        lines = list(self._lines)
        if self._truncated:
            limit = f"limited to {self._per_file} results per file"
            files = "\n".join(f"{path}: {limit}" for path in self._truncated)
            head = f"Results limited to {self._per_file} per file. Truncated files:"
            lines.append(f"\n[{head}\n{files}]")
        if self.ending is None:
            return Results("\n".join(lines), None)
        count = self._matches.total() or len(self._lines)
        text = "\n".join([*lines, f"\n{self.ending}"])
        return Results(text, f"Stopped early after {count} match(es).")


def collect(
    output: str, *, per_file: int, visible: Callable[[str], bool], paths_only: bool
) -> Results:
    """Shape the output of `rg --null`.

    Args:
        output: what ripgrep printed.
        per_file: how many matches of one file are shown.
        visible: whether a path may be shown.
        paths_only: the output is paths, each ended by NUL.
    """
    collector = _Collector(per_file, visible)
    for line in output.split("\0" if paths_only else "\n"):
        if collector.ending:
            break
        if paths_only:
            _take_path(collector, line)
        else:
            _take_line(collector, line.rstrip("\r"))
    return collector.results()


def _take_path(collector: _Collector, record: str) -> None:
    path = record.strip("\n").removeprefix("./")
    if path and collector.shows(path):
        collector.add(path)


def _take_line(collector: _Collector, line: str) -> None:
    found = _LINE.fullmatch(line)
    if found:
        path, mark = found["path"].removeprefix("./"), found["mark"]
        if collector.shows(path):
            text = f"{path}{mark}{found['number']}{mark}{found['text']}"
            collector.match(path, text, is_match=mark == ":")
        return
    count = _COUNT.fullmatch(line)
    if count:
        path = count["path"].removeprefix("./")
        if collector.shows(path):
            collector.add(f"{path}:{count['count']}")
