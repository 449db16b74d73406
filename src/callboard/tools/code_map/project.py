"""The names that many files define, read within bounds, and how much each is used."""

import re
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from callboard.ports.workspace import FileRefused, Files
from callboard.tools.code_map.languages import language_of
from callboard.tools.code_map.symbols import LARGEST_SOURCE, symbols
from callboard.tools.paths import read_text

_MOST_FILES = 2_000
_MOST_CHARACTERS = 8_000_000
_LONGEST_S = 5.0
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class CodeMap:
    """Names by file, in the order of the file, and how often every word is in all of these files."""

    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    uses: Counter[str] = field(default_factory=Counter[str])

    def ranked(self, path: str) -> tuple[str, ...]:
        """Return a file's names, the most used ones first."""
        return tuple(sorted(self.names.get(path, ()), key=lambda name: -self.score(name)))

    def score(self, name: str) -> int:
        """Return how often a name is used, where it is defined aside."""
        return self.uses[name] - 1


def map_files(files: Files, paths: Iterable[str]) -> CodeMap:
    """Read the source files among `paths`, in their order, as far as the bounds allow."""
    until = time.monotonic() + _LONGEST_S
    names: dict[str, tuple[str, ...]] = {}
    uses: Counter[str] = Counter()
    read = 0
    for path in paths:
        if len(names) >= _MOST_FILES or read >= _MOST_CHARACTERS or time.monotonic() > until:
            break
        text = _source(files, path)
        if text is not None:
            read += len(text)
            uses.update(_WORD.findall(text))
            names[path] = symbols(path, text)
    return CodeMap(names, uses)


def _source(files: Files, path: str) -> str | None:
    if language_of(path) is None:
        return None
    try:
        return read_text(files, path, max_bytes=LARGEST_SOURCE)
    except FileRefused:
        return None
