"""Unified diffs of two texts, bounded in time and size. Pure."""

import difflib

_MOST_LINES = 2000
_MOST_CHARACTERS = 50_000
_CONTEXT = 3


def unified_diff(path: str, old: str | None, new: str) -> str:
    """Return how `old` (None: there is no file) becomes `new`, as `diff -u` would.

    Where two texts have very little in common, all that differs is one hunk: looking for the least
    difference takes time that grows with the square of the length.
    """
    names = ("/dev/null" if old is None else f"a/{path}", f"b/{path}")
    before, after = _lines(old or ""), _lines(new)
    first = _common(before, after)
    last = _common(before[first:][::-1], after[first:][::-1])
    removed, added = before[first : len(before) - last], after[first : len(after) - last]
    if max(len(removed), len(added)) > _MOST_LINES:
        lines = [f"--- {names[0]}\n", f"+++ {names[1]}\n", *_one_hunk(first, removed, added)]
    else:
        start, spare = max(0, first - _CONTEXT), max(0, last - _CONTEXT)
        one, other = before[start : len(before) - spare], after[start : len(after) - spare]
        lines = [_moved(line, start) for line in difflib.unified_diff(one, other, *names)]
    return _bounded("".join(_ended(line) for line in lines))


def _lines(text: str) -> list[str]:
    *whole, rest = text.split("\n")
    return [*(f"{line}\n" for line in whole), *([rest] if rest else [])]


def _common(one: list[str], other: list[str]) -> int:
    count = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        count += 1
    return count


def _one_hunk(first: int, removed: list[str], added: list[str]) -> list[str]:
    head = f"@@ -{_range(first, removed)} +{_range(first, added)} @@\n"
    return [head, *(f"-{line}" for line in removed), *(f"+{line}" for line in added)]


def _range(first: int, lines: list[str]) -> str:
    return f"{first + bool(lines)},{len(lines)}"


def _moved(line: str, by: int) -> str:
    """Return a line of a diff; in a hunk's header the numbers are `by` greater."""
    if not line.startswith("@@ "):
        return line
    _, old, new, _ = line.split(" ", 3)
    return f"@@ {_shifted(old, by)} {_shifted(new, by)} @@\n"


def _shifted(place: str, by: int) -> str:
    start, comma, count = place[1:].partition(",")
    return f"{place[0]}{int(start) + by}{comma}{count}"


def _ended(line: str) -> str:
    return line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _bounded(diff: str) -> str:
    if len(diff) <= _MOST_CHARACTERS:
        return diff
    return f"{diff[:_MOST_CHARACTERS]}\n[The diff is longer; the rest was cut.]\n"
