"""Which parts of a line changed, where one line replaced another."""

import re
from collections.abc import Sequence
from typing import Final

from rapidfuzz.distance import LCSseq

from callboard.web.render.changes import ChangedLine

Span = tuple[int, int]
Marks = dict[int, list[Span]]
"""By the place of a line in its hunk: where the changed parts begin and end."""

_WORD: Final = re.compile(r"\w+|\s+|.", re.DOTALL)
_MOST_WORDS: Final = 300
_ALIKE: Final = 0.4
"""The part of the longer line that two lines must share: beyond that, marks are noise."""


def words_changed(lines: Sequence[ChangedLine]) -> Marks:
    """Return the changed parts of the lines of a hunk: each removed line is compared with the added one that stands
    in its place.
    """
    marks: Marks = {}
    at = 0
    while at < len(lines):
        removed = _run(lines, at, "removed")
        added = _run(lines, at + removed, "added")
        for n in range(min(removed, added)):
            old, new = at + n, at + removed + n
            marks[old], marks[new] = _compared(lines[old].text, lines[new].text)
        at += max(removed + added, 1)
    return marks


def _run(lines: Sequence[ChangedLine], at: int, kind: str) -> int:
    end = at
    while end < len(lines) and lines[end].kind == kind:
        end += 1
    return end - at


def _compared(old: str, new: str) -> tuple[list[Span], list[Span]]:
    before, after = _WORD.findall(old), _WORD.findall(new)
    if len(before) > _MOST_WORDS or len(after) > _MOST_WORDS:
        return [], []
    changed: tuple[list[Span], list[Span]] = ([], [])
    same = 0
    ends = _ends(before), _ends(after)
    for code in LCSseq.opcodes(before, after):
        if code.tag == "equal":
            shared = "".join(before[code.src_start : code.src_end])
            same += len(shared.strip())
            continue
        _mark(changed[0], ends[0][code.src_start], ends[0][code.src_end])
        _mark(changed[1], ends[1][code.dest_start], ends[1][code.dest_end])
    if same < _ALIKE * max(len(old.strip()), len(new.strip())):
        return [], []
    return changed


def _ends(words: Sequence[str]) -> list[int]:
    ends = [0]
    for word in words:
        ends.append(ends[-1] + len(word))
    return ends


def _mark(spans: list[Span], start: int, end: int) -> None:
    if start == end:
        return
    if spans and spans[-1][1] == start:
        spans[-1] = (spans[-1][0], end)
    else:
        spans.append((start, end))
