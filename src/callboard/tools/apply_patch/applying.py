"""Making the changes of a patch in a text, all of them or none. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from callboard.tools.apply_patch.hunks import Hunk, PatchInvalid
from callboard.tools.apply_patch.placing import Place, place
from callboard.tools.str_replace.replacing import Replacement, is_applied


@dataclass(frozen=True, slots=True)
class Patched:
    """The new text, and how many hunks it had already."""

    content: str
    already: int


def patched(content: str, hunks: Sequence[Hunk]) -> Patched:
    """Return a text with every hunk applied; one that is there already is left alone.

    Raises:
        PatchInvalid: a hunk fits nowhere or in several places, or two of them overlap.
    """
    lines = content.split("\n")
    placed: list[tuple[Place, Hunk]] = []
    already = 0
    after = 0
    for number, hunk in enumerate(hunks, 1):
        if _is_there(content, hunk):
            already += 1
            continue
        try:
            found = place(lines, hunk, after=after)
        except PatchInvalid as invalid:
            raise PatchInvalid(f"Hunk {number} of {len(hunks)}: {invalid}") from None
        after = found.first + found.count
        if _surrounds(lines, found, hunk):
            already += 1
        else:
            placed.append((found, hunk))
    placed.sort(key=lambda pair: pair[0].first)
    if any(one.first + one.count > other.first for (one, _), (other, _) in pairwise(placed)):
        raise PatchInvalid("Two hunks change the same lines; make them one.")
    return Patched("\n".join(_rebuilt(lines, placed)), already)


def _is_there(content: str, hunk: Hunk) -> bool:
    """Whether an earlier, equal call has made the change (see `replacing.is_applied`)."""
    if not hunk.old:
        return False
    old, new = _whole(hunk.old), _whole(hunk.new)
    return is_applied(_whole([content]), Replacement(old, new))


def _surrounds(lines: Sequence[str], found: Place, hunk: Hunk) -> bool:
    """Whether the place is part of what the hunk would make of it: lines were added there already."""
    new = hunk.new
    if len(new) <= found.count:
        return False
    first, last = max(0, found.first + found.count - len(new)), found.first
    return any(list(lines[start : start + len(new)]) == new for start in range(first, last + 1))


def _whole(lines: Sequence[str]) -> str:
    return "\n".join(["", *lines, ""])


def _rebuilt(lines: Sequence[str], placed: Sequence[tuple[Place, Hunk]]) -> list[str]:
    made: list[str] = []
    done = 0
    for found, hunk in placed:
        made += lines[done : found.first]
        made += _changed(lines[found.first : found.first + found.count], found, hunk)
        done = found.first + found.count
    return [*made, *lines[done:]]


def _changed(present: Sequence[str], found: Place, hunk: Hunk) -> list[str]:
    """Return the lines of one place; those that stay keep the file's own white space."""
    made: list[str] = []
    kept = iter(present)
    for mark, text in hunk.lines:
        if mark == "+":
            made.append(found.indent.apply(text) if found.indent else text)
            continue
        line = next(kept)
        if mark == " ":
            made.append(line)
    return made
