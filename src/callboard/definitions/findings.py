"""What reading and checking a file brings to light."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field

from rapidfuzz import fuzz, process

from callboard.domain.errors import Problem

_SHOWN = 60

Path = tuple[str | int, ...]


@dataclass(slots=True)
class Findings:
    """Problems and warnings of one file, in the order in which they came up."""

    file: str
    problems: list[Problem] = field(default_factory=list[Problem])
    warnings: list[Problem] = field(default_factory=list[Problem])

    def problem(self, where: str, message: str) -> None:
        """Note something that must be put right."""
        self.problems.append(Problem(self.file, where, message))

    def warn(self, where: str, message: str) -> None:
        """Note something that works and deserves a look."""
        self.warnings.append(Problem(self.file, where, message))


def dotted(path: Path) -> str:
    """Return a path as people write it: `permissions[0].tool`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")


def found(value: object) -> str:
    """Return a value as a message shows it: its kind, and what it is where that is short."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return f"the number {value}" if abs(value) < 1e15 else "a huge number"
        case str():
            return f"the text {_short(value)}"
        case list() | tuple():
            return "a list"
        case dict():
            return "an object"
        case _:
            return f"a {type(value).__name__}"


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """Return the nearest of the choices as a question, or nothing where none is near."""
    nearest = process.extractOne(word[:200], list(choices), scorer=fuzz.ratio, score_cutoff=60)
    return f"; did you mean {nearest[0]!r}?" if nearest else ""


def _short(text: str) -> str:
    shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
    return json.dumps(shown, ensure_ascii=not shown.isprintable())
