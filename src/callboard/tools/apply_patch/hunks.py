"""Reading the text of a patch: hunks of lines that stay, go and come. Pure.

The usual forms are understood: hunks that begin with `@@`, alone, with a line of the file that they are
below (`@@ def f():`, several of them going deeper), or with line numbers as `diff -u` writes them.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

Mark = Literal[" ", "+", "-"]
_MARKS: dict[str, Mark] = {" ": " ", "+": "+", "-": "-"}
_HEADER = re.compile(r"@@(?: -(?P<start>\d+)(?:,\d+)? \+\d+(?:,\d+)? @@)?(?P<below>.*)")
_WRAPPING = ("*** Begin Patch", "*** End Patch", "*** Update File:", "*** Add File:")
_PREAMBLE = ("diff ", "index ", "new file mode", "old mode", "new mode")
_AT_END = "*** End of File"


class PatchInvalid(ValueError):
    """The patch cannot be read, or does not fit the file; the message is for the model."""


@dataclass(slots=True)
class Hunk:
    """One change.

    Attributes:
        below: lines of the file that it is below, the outermost first.
        start: the number (from 1) of its first old line, where the patch tells it.
        lines: what stays, goes and comes, in order.
        at_end: it ends where the file ends.
    """

    below: list[str] = field(default_factory=list[str])
    start: int | None = None
    lines: list[tuple[Mark, str]] = field(default_factory=list[tuple[Mark, str]])
    at_end: bool = False

    @property
    def old(self) -> list[str]:
        """The lines as they are."""
        return [text for mark, text in self.lines if mark != "+"]

    @property
    def new(self) -> list[str]:
        """The lines as they shall be."""
        return [text for mark, text in self.lines if mark != "-"]


def parse(diff: str) -> list[Hunk]:
    """Return the hunks of a patch.

    Raises:
        PatchInvalid: there is no change in it, or a line that belongs to no hunk.
    """
    hunks: list[Hunk] = []
    for number, line in _body(diff):
        if line.startswith("@@"):
            _begin(hunks, line)
        elif line == _AT_END:
            _present(hunks).at_end = True
        elif not line or line[0] in _MARKS:
            _present(hunks).lines.append((_MARKS[line[0]] if line else " ", line[1:]))
        else:
            raise PatchInvalid(
                f"Line {number} of the patch begins with neither space, '+', '-' nor '@@': {line[:80]!r}."
            )
    for hunk in hunks:
        _trim(hunk)
    changing = [hunk for hunk in hunks if any(mark != " " for mark, _ in hunk.lines)]
    if not changing:
        raise PatchInvalid("The patch changes nothing: no line begins with '+' or '-'.")
    return changing


def added_text(diff: str) -> str:
    """Return the content of a new file: the lines that begin with `+`.

    Raises:
        PatchInvalid: another line is among them.
    """
    added: list[str] = []
    for number, line in _body(diff):
        if line.startswith("+"):
            added.append(line[1:])
        elif line.strip() and not line.startswith("@@") and line != _AT_END:
            raise PatchInvalid(
                f"Every line of a new file begins with '+', but line {number} is {line[:80]!r}."
            )
    return "".join(f"{line}\n" for line in added)


def _body(diff: str) -> Iterator[tuple[int, str]]:
    """Yield numbered lines without what only names files."""
    lines = diff.replace("\r\n", "\n").split("\n")
    begun = False
    for number, line in enumerate(lines, 1):
        following = lines[number] if number < len(lines) else ""
        names_file = line.startswith("--- ") and following.startswith("+++ ")
        names_file |= (
            line.startswith("+++ ") and number > 1 and lines[number - 2].startswith("--- ")
        )
        if not begun and (names_file or line.startswith(_PREAMBLE) or not line.strip()):
            continue
        if line.startswith((*_WRAPPING, "\\ No newline")):
            continue
        begun = True
        yield number, line


def _begin(hunks: list[Hunk], line: str) -> None:
    found = _HEADER.fullmatch(line)
    below = found["below"].strip().removesuffix("@@").strip() if found else ""
    start = int(found["start"]) if found and found["start"] else None
    if not hunks or hunks[-1].lines or start is not None:
        hunks.append(Hunk())
    if start is not None:
        hunks[-1].start = start  # what diff puts behind the numbers is a hint for people only
    elif below.strip(". …"):
        hunks[-1].below.append(below)


def _present(hunks: list[Hunk]) -> Hunk:
    if not hunks:
        hunks.append(Hunk())
    return hunks[-1]


def _trim(hunk: Hunk) -> None:
    """Drop blank lines around a hunk: they are more often a slip than context."""
    while hunk.lines and hunk.lines[-1] == (" ", ""):
        hunk.lines.pop()
    while hunk.lines and hunk.lines[0] == (" ", ""):
        del hunk.lines[0]
        hunk.start = None if hunk.start is None else hunk.start + 1
