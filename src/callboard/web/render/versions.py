"""What turns one text into another, as a change: prompts, definitions, settings."""

from collections.abc import Iterator, Sequence
from typing import Final

from rapidfuzz.distance import LCSseq

from callboard.web.render.changes import ChangedFile, ChangedLine, Hunk, LineKind

_AROUND: Final = 3
"""Unchanged lines that are shown before and after a change."""


def between(old: str, new: str, path: str = "") -> ChangedFile:
    """Return what turns one text into another, with three lines around each change; no hunks where they are equal."""
    before, after = _ended(old), _ended(new)
    hunks = [_hunk_of(group, before, after) for group in _groups(before, after)]
    return ChangedFile(path, hunks=tuple(hunks))


Opcode = tuple[str, int, int, int, int]


def _ended(text: str) -> list[str]:
    """Return the lines of a text, each with its newline where it has one."""
    *whole, last = text.split("\n")
    return [f"{line}\n" for line in whole] + ([last] if last else [])


def _groups(before: Sequence[str], after: Sequence[str]) -> Iterator[list[Opcode]]:
    """Yield the changes between two texts, those close to one another together."""
    group: list[Opcode] = []
    for code in LCSseq.opcodes(before, after):
        tag, i, j, k, m = code.tag, code.src_start, code.src_end, code.dest_start, code.dest_end
        if tag != "equal":
            group.append((tag, i, j, k, m))
            continue
        if group and j - i > 2 * _AROUND:
            yield [*group, (tag, i, i + _AROUND, k, k + _AROUND)]
            group = []
        if not group:
            i, k = max(i, j - _AROUND), max(k, m - _AROUND)
        group.append((tag, i, j, k, m))
    if any(tag != "equal" for tag, *_ in group):
        tag, i, j, k, m = group[-1]
        last = (tag, i, min(j, i + _AROUND), k, min(m, k + _AROUND))
        yield [*group[:-1], last if tag == "equal" else group[-1]]


def _hunk_of(group: Sequence[Opcode], before: Sequence[str], after: Sequence[str]) -> Hunk:
    lines: list[ChangedLine] = []
    added: list[ChangedLine] = []
    for tag, i, j, k, m in group:
        if tag == "equal":
            lines += added
            added = []
            lines += [_line("same", i + n, k + n, before[i + n]) for n in range(j - i)]
            continue
        lines += [_line("removed", n, None, before[n]) for n in range(i, j)]
        added += [_line("added", None, n, after[n]) for n in range(k, m)]
    _, i, _, k, _ = group[0]
    return Hunk(i + 1, k + 1, "", (*lines, *added))


def _line(kind: LineKind, old: int | None, new: int | None, text: str) -> ChangedLine:
    numbers = (None if old is None else old + 1, None if new is None else new + 1)
    return ChangedLine(kind, *numbers, text.removesuffix("\n"), is_open=not text.endswith("\n"))
