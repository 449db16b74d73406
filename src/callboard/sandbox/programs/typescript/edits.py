"""Changes to a text that are collected first and made at once."""

import re
from bisect import bisect_left, bisect_right
from typing import Final

_NOT_NEWLINE: Final = re.compile(rb"[^\n]")


class Edits:
    """Replacements of ranges of a source, in bytes. Of two that overlap the outer one counts."""

    def __init__(self, source: bytes) -> None:
        self.source = source
        self._texts: dict[tuple[int, int], bytes] = {}
        self._in_order: list[tuple[int, int, bytes]] | None = None

    def blank(self, start: int, end: int, *, first: bytes = b"") -> None:
        """Put spaces in the place of a range, keeping its lines; `first` takes the place of its beginning."""
        self.put(start, end, first + self.blanked(start + len(first), end))

    def blanked(self, start: int, end: int) -> bytes:
        """Return a range of the source as spaces and line feeds."""
        return _NOT_NEWLINE.sub(b" ", self.source[start:end])

    def put(self, start: int, end: int, text: bytes) -> None:
        """Put a text in the place of a range; of an empty one: insert it there."""
        self._texts[start, end] = text
        self._in_order = None

    def append(self, at: int, text: bytes) -> None:
        """Insert a text behind what is inserted at the same place already."""
        self.put(at, at, self._texts.get((at, at), b"") + text)

    def render(self, start: int = 0, end: int | None = None) -> bytes:
        """Return the source, or a part of it, with all changes made."""
        stop = len(self.source) if end is None else end
        pieces: list[bytes] = []
        here = start
        changes = self._outermost()
        for first, last, text in changes[bisect_left(changes, (start,)) :]:
            if first > stop:
                break
            if first >= here and last <= stop:
                pieces += [self.source[here:first], text]
                here = last
        pieces.append(self.source[here:stop])
        return b"".join(pieces)

    def touched(self) -> "Ranges":
        """Return the ranges that are replaced."""
        return Ranges([(start, end) for start, end, _ in self._outermost() if start < end])

    def _outermost(self) -> list[tuple[int, int, bytes]]:
        """Return the changes in order; at one place insertions come first, then the longest range."""
        if self._in_order is None:
            kept: list[tuple[int, int, bytes]] = []
            here = 0
            for start, end in sorted(
                self._texts, key=lambda one: (one[0], one[0] != one[1], -one[1])
            ):
                if start >= here:
                    kept.append((start, end, self._texts[start, end]))
                    here = end
            self._in_order = kept
        return self._in_order


class Ranges:
    """Ranges that do not overlap, asked about places."""

    def __init__(self, ranges: list[tuple[int, int]]) -> None:
        self._ranges = ranges
        self._starts = [start for start, _ in ranges]

    def hold(self, place: int) -> bool:
        """Return whether a place lies in one of them."""
        index = bisect_right(self._starts, place) - 1
        return index >= 0 and place < self._ranges[index][1]
