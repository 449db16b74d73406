"""Where in a file a hunk belongs: one place, or none. Pure.

Lines are compared as they are, then without the white space at their ends, then with another
indentation of all of them. What is only nearly the same does not count: a patch has context to be exact by.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from callboard.tools.apply_patch.hunks import Hunk, PatchInvalid
from callboard.tools.str_replace.matching import Indent, indent_change

_CLOSING = (")", "]", "}", "end", "</")


@dataclass(frozen=True, slots=True)
class Place:
    """The first line of a hunk in the file (from 0), how many it covers, and how it is indented there."""

    first: int
    count: int
    indent: Indent | None = None


def place(lines: Sequence[str], hunk: Hunk, *, after: int) -> Place:
    """Return the only place that a hunk can mean.

    Args:
        lines: the file.
        hunk: the change.
        after: where the hunk before this one ends; hunks come in the order of the file.

    Raises:
        PatchInvalid: there is no such place, or there are several.
    """
    blocks = _blocks(lines, hunk.below)
    if not hunk.old:
        return _insertion(lines, hunk, blocks)
    found = _matches(lines, hunk)
    if not found:
        raise PatchInvalid(f"These lines are not in the file:\n{_shown(hunk.old)}")
    for narrowed in _narrowed(found, hunk, blocks, after):
        if len(narrowed) == 1:
            return narrowed[0]
    numbers = ", ".join(str(one.first + 1) for one in found[:10])
    raise PatchInvalid(
        f"These lines are in the file {len(found)} times (lines {numbers}); give more lines around the"
        f" change, or the line that it is below after '@@':\n{_shown(hunk.old)}"
    )


def _narrowed(
    found: list[Place], hunk: Hunk, blocks: list[range], after: int
) -> Iterable[list[Place]]:
    """Yield fewer and fewer places, by what the hunk says about where it is."""
    left = found
    if hunk.below:
        inside = [one for one in left if any(one.first in block for block in blocks)]
        below = [one for one in left if any(one.first > block.start for block in blocks)]
        left = inside or below
        if not left:
            raise PatchInvalid(f"The lines are not below {hunk.below[-1]!r}:\n{_shown(hunk.old)}")
    yield left
    yield [one for one in left if hunk.start == one.first + 1 and one.indent is None]
    yield [one for one in left if one.first >= after]


def _matches(lines: Sequence[str], hunk: Hunk) -> list[Place]:
    old = hunk.old
    for key, shifted in ((str, False), (str.rstrip, False), (str.strip, True)):
        found = _by(key, lines, old)
        if shifted:
            found = [one for one in found if _is_shift(lines, old, one)]
        if hunk.at_end:
            last = len(lines) - (not lines[-1])
            found = [one for one in found if one.first + one.count in {last, len(lines)}]
        if found:
            return found
    return []


def _by(key: Callable[[str], str], lines: Sequence[str], old: list[str]) -> list[Place]:
    wanted = [key(line) for line in old]
    if not any(line.strip() for line in wanted):
        return []
    present = [key(line) for line in lines]
    count = len(wanted)
    return [
        Place(first, count, indent_change(old, list(lines[first : first + count])))
        for first in range(len(present) - count + 1)
        if present[first] == wanted[0] and present[first : first + count] == wanted
    ]


def _is_shift(lines: Sequence[str], old: list[str], found: Place) -> bool:
    shift = found.indent or Indent("", "")
    present = lines[found.first : found.first + found.count]
    return all(
        shift.apply(one).rstrip() == other.rstrip() for one, other in zip(old, present, strict=True)
    )


def _blocks(lines: Sequence[str], below: list[str]) -> list[range]:
    """Return the blocks that the lines in `below` open, one inside the other; all of the file for none."""
    blocks = [range(len(lines))]
    for text in below:
        inner = [
            _block(lines, number, outer.stop)
            for outer in blocks
            for number in _naming(lines, outer, text)
        ]
        if not inner:
            raise PatchInvalid(f"The line after '@@' is not in the file: {text!r}.")
        blocks = inner
    return blocks


def _naming(lines: Sequence[str], within: range, text: str) -> list[int]:
    exact = [number for number in within if lines[number].strip() == text]
    return exact or [number for number in within if text in lines[number]]


def _block(lines: Sequence[str], first: int, stop: int) -> range:
    depth = _depth(lines[first])
    for number in range(first + 1, stop):
        line = lines[number]
        if line.strip() and _depth(line) <= depth and not line.strip().startswith(_CLOSING):
            return range(first, number)
    return range(first, stop)


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())


def _insertion(lines: Sequence[str], hunk: Hunk, blocks: list[range]) -> Place:
    if not any(lines) and hunk.start:  # blank lines around it were its only context
        return Place(min(hunk.start, len(lines)) - 1, 0)
    if hunk.at_end or not any(lines):
        return Place(len(lines) - (not lines[-1]), 0)
    if hunk.below and len(blocks) == 1:
        return Place(blocks[0].start + 1, 0)
    raise PatchInvalid(
        f"Nothing says where these lines belong; give the lines around them:\n{_shown(hunk.new)}"
    )


def _shown(lines: list[str]) -> str:
    return "\n".join(lines[:20]) + ("\n…" if len(lines) > 20 else "")
