"""What turns one text into another, as a change: prompts, definitions, settings."""

from collections.abc import Iterator, Sequence
from typing import Final

from rapidfuzz.distance import LCSseq

from callboard.web.render.changes import ChangedFile, ChangedLine, Hunk, LineKind

_MOST_COMPARED: Final = 25_000_000
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
    for tag, i, j, k, m in _steps(before, after):
        if tag != "equal":
            group.append((tag, i, j, k, m))
            continue
        if group and j - i > 2 * _AROUND:
            yield [*group, (tag, i, i + _AROUND, k, k + _AROUND)]
            group = []
        before_it = max(j - i - _AROUND, 0) if not group else 0
        group.append((tag, i + before_it, j, k + before_it, m))
    if any(tag != "equal" for tag, *_ in group):
        tag, i, j, k, m = group[-1]
        last = (tag, i, min(j, i + _AROUND), k, min(m, k + _AROUND))
        yield [*group[:-1], last if tag == "equal" else group[-1]]


def _steps(before: Sequence[str], after: Sequence[str]) -> Iterator[Opcode]:
    """Yield what turns lines into others. Where there are so many of them that comparing all with all would take
    minutes, what is between the same beginning and the same end is replaced as a whole.
    """
    start, least = 0, min(len(before), len(after))
    while start < least and before[start] == after[start]:
        start += 1
    end = 0
    while end < least - start and before[-1 - end] == after[-1 - end]:
        end += 1
    old, new = before[start : len(before) - end], after[start : len(after) - end]
    if start:
        yield ("equal", 0, start, 0, start)
    if len(old) * len(new) > _MOST_COMPARED:
        yield ("replace", start, start + len(old), start, start + len(new))
    else:
        for code in LCSseq.opcodes(old, new):
            places = (code.src_start, code.src_end, code.dest_start, code.dest_end)
            i, j, k, m = (start + place for place in places)
            yield (code.tag, i, j, k, m)
    if end:
        yield ("equal", len(before) - end, len(before), len(after) - end, len(after))


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
