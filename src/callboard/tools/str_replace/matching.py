"""Finding the text that a model means: exactly, or nearly, but never one of several."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from rapidfuzz import fuzz

_CLOSE_ENOUGH = 92.0
_MARGIN = 3.0
_SHORTEST_FUZZY = 10
_WORD = re.compile(r"\S")


@dataclass(frozen=True, slots=True)
class Span:
    """A place in the content, and how much further it is indented than what was asked for."""

    start: int
    end: int
    indent: "Indent | None" = None


@dataclass(frozen=True, slots=True)
class Indent:
    """A change of indentation: lines that begin with `old` begin with `new` instead."""

    old: str
    new: str

    def apply(self, text: str) -> str:
        """Return text with every line re-indented; lines that are indented less stay."""
        return "\n".join(self._line(line) for line in text.split("\n"))

    def _line(self, line: str) -> str:
        if not line.strip() or not line.startswith(self.old):
            return line
        return self.new + line[len(self.old) :]


def find(content: str, old: str) -> list[Span]:
    """Return the places that match, by the first grade of likeness at which any does.

    Exact text; the same lines but for white space at their ends; the same lines indented differently;
    the same text but for white space anywhere; lines that are nearly the same, if no other place comes
    close to it.
    """
    for grade in (_exact, _lines_by(str.rstrip), _reindented, _ignoring_space, _fuzzy):
        found = grade(content, old)
        if found:
            return found
    return []


def _exact(content: str, old: str) -> list[Span]:
    spans: list[Span] = []
    start = content.find(old)
    while start >= 0:
        spans.append(Span(start, start + len(old)))
        start = content.find(old, start + len(old))
    return spans


@dataclass(frozen=True, slots=True)
class _Lines:
    """A text in lines, with the offset at which each begins."""

    lines: list[str]
    starts: list[int]

    @classmethod
    def of(cls, text: str) -> "_Lines":
        lines = text.split("\n")
        starts = [0]
        for line in lines[:-1]:
            starts.append(starts[-1] + len(line) + 1)
        return cls(lines, starts)

    def span(self, first: int, count: int, *, newline: bool, indent: Indent | None = None) -> Span:
        last = first + count - 1
        end = self.starts[last] + len(self.lines[last])
        has_newline = newline and last + 1 < len(self.lines)
        return Span(self.starts[first], end + has_newline, indent)


def _asked(old: str) -> tuple[list[str], bool]:
    """Return the lines asked for, and whether the last one's end belongs to them."""
    newline = old.endswith("\n")
    return (old[:-1] if newline else old).split("\n"), newline


def _lines_by(key: Callable[[str], str]) -> Callable[[str, str], list[Span]]:
    def search(content: str, old: str) -> list[Span]:
        asked, newline = _asked(old)
        wanted = [key(line) for line in asked]
        if not any(wanted):
            return []
        text = _Lines.of(content)
        present = [key(line) for line in text.lines]
        spans: list[Span] = []
        for first in range(len(present) - len(wanted) + 1):
            if present[first] == wanted[0] and present[first : first + len(wanted)] == wanted:
                lines = text.lines[first : first + len(wanted)]
                indent = indent_change(asked, lines)
                spans.append(text.span(first, len(wanted), newline=newline, indent=indent))
        return _apart(spans)

    return search


def _reindented(content: str, old: str) -> list[Span]:
    """Match lines whatever their indentation, if all of them are shifted alike."""
    asked, _ = _asked(old)
    spans: list[Span] = []
    for span in _lines_by(str.strip)(content, old):
        lines = content[span.start : span.end].removesuffix("\n").split("\n")
        shift = span.indent or Indent("", "")
        pairs = zip(asked, lines, strict=False)
        if all(shift.apply(one).rstrip() == other.rstrip() for one, other in pairs):
            spans.append(span)
    return spans


def indent_change(asked: list[str], present: list[str]) -> Indent | None:
    """Return how the first line that is not blank is indented in `present`, and was in `asked`."""
    for one, other in zip(asked, present, strict=False):
        if one.strip():
            old, new = _margin(one), _margin(other)
            return None if old == new else Indent(old, new)
    return None


def _margin(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def _ignoring_space(content: str, old: str) -> list[Span]:
    wanted = "".join(old.split())
    if not wanted:
        return []
    places = [match.start() for match in _WORD.finditer(content)]
    squeezed = "".join(content.split())
    if len(squeezed) != len(places):
        return []
    return [Span(places[span.start], places[span.end - 1] + 1) for span in _exact(squeezed, wanted)]


def _fuzzy(content: str, old: str) -> list[Span]:
    asked, newline = _asked(old)
    wanted = "\n".join(line.strip() for line in asked)
    if len(wanted.replace("\n", "")) < _SHORTEST_FUZZY:
        return []
    text = _Lines.of(content)
    stripped = [line.strip() for line in text.lines]
    count = len(asked)
    scores: list[tuple[float, int]] = []
    for first in range(len(stripped) - count + 1):
        window = "\n".join(stripped[first : first + count])
        if window[:1] != wanted[:1] or window[-1:] != wanted[-1:]:
            continue  # a line would lose its beginning or its end
        score = fuzz.ratio(wanted, window, score_cutoff=_CLOSE_ENOUGH - _MARGIN)
        if score:
            scores.append((score, first))
    scores.sort(reverse=True)
    if not scores or scores[0][0] < _CLOSE_ENOUGH:
        return []
    best = scores[0][0]
    near = [first for score, first in scores if best - score < _MARGIN]
    spans: list[Span] = []
    for first in sorted(near):
        indent = indent_change(asked, text.lines[first : first + count])
        spans.append(text.span(first, count, newline=newline, indent=indent))
    return spans


def _apart(spans: list[Span]) -> list[Span]:
    """Keep all, unless some overlap: then the text cannot be told from its neighbour, keep the first."""
    if any(one.end > other.start for one, other in pairwise(spans)):
        return spans[:1]
    return spans
