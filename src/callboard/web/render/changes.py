"""A change as typed files, hunks and lines, read from a git diff, which comes from anywhere.

Reading never fails and drops nothing: what is no part of a hunk is kept as a note of the file it stands under.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

LineKind = Literal["same", "added", "removed"]
FileKind = Literal["changed", "added", "removed", "renamed", "copied"]

_HUNK: Final = re.compile(
    r"@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@ ?(.*)", re.DOTALL
)
_KINDS: Final[dict[str, LineKind]] = {" ": "same", "+": "added", "-": "removed"}
_ESCAPE: Final = re.compile(r"\\(?:([abfnrtv\"\\])|([0-7]{3}))")
_NAMED: Final = dict(zip("abfnrtv", (7, 8, 12, 10, 13, 9, 11), strict=True))


@dataclass(frozen=True, slots=True)
class ChangedLine:
    """A line, with its number in the old and in the new text, None where it is not in that one. `is_open` says that
    the text ends in it without a newline.
    """

    kind: LineKind
    old: int | None
    new: int | None
    text: str
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class Hunk:
    """Lines that belong together. `heading` is what git takes for the function around them."""

    old_start: int
    new_start: int
    heading: str
    lines: tuple[ChangedLine, ...]


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """One file of a change. `path` is its new name, or the old one of a removed file; `before` the old name where
    it differs. `notes` are the lines that are no part of a hunk: modes, similarity, whatever else was written.
    """

    path: str
    kind: FileKind = "changed"
    before: str | None = None
    is_binary: bool = False
    notes: tuple[str, ...] = ()
    hunks: tuple[Hunk, ...] = ()

    @property
    def added(self) -> int:
        """How many lines came."""
        return sum(line.kind == "added" for hunk in self.hunks for line in hunk.lines)

    @property
    def removed(self) -> int:
        """How many lines went."""
        return sum(line.kind == "removed" for hunk in self.hunks for line in hunk.lines)


@dataclass(slots=True)
class _Draft:
    path: str = ""
    old: str | None = None
    new: str | None = None
    kind: FileKind = "changed"
    is_binary: bool = False
    notes: list[str] = field(default_factory=list[str])
    hunks: list[Hunk] = field(default_factory=list[Hunk])

    def done(self) -> ChangedFile:
        path = (
            (self.old if self.kind == "removed" else self.new) or self.new or self.old or self.path
        )
        before = self.old if self.old and self.old != path else None
        return ChangedFile(
            path, self.kind, before, self.is_binary, tuple(self.notes), tuple(self.hunks)
        )


def files_of(diff: str) -> tuple[ChangedFile, ...]:
    """Return the files of a unified diff. Lines are told apart by the counts of their hunk, so a changed line that
    looks like the head of a file stays a changed line.
    """
    lines = diff.removesuffix("\n").split("\n") if diff else []
    files: list[_Draft] = []
    at = 0
    while at < len(lines):
        line = lines[at]
        if line.startswith("diff --git ") or _begins_plain(files, lines, at):
            files.append(_Draft(path=_named_by(line)))
        if not files:
            files.append(_Draft())
        found = _HUNK.fullmatch(line) if line.startswith("@@ ") else None
        if found is not None:
            hunk, at = _hunk(found, lines, at + 1)
            files[-1].hunks.append(hunk)
            continue
        _head(files[-1], line)
        at += 1
    return tuple(draft.done() for draft in files)


def _begins_plain(files: Sequence[_Draft], lines: Sequence[str], at: int) -> bool:
    """Return whether a file begins here in a diff without git's own lines."""
    follows = at + 1 < len(lines) and lines[at + 1].startswith("+++ ")
    return lines[at].startswith("--- ") and follows and (not files or bool(files[-1].hunks))


def _named_by(line: str) -> str:
    _, _, rest = line.partition("diff --git ")
    half = len(rest) // 2
    if rest.startswith("a/") and rest[2:half] == rest[half + 3 :]:
        return rest[2:half]
    return rest.rpartition(" b/")[2] or rest


def _head(file: _Draft, line: str) -> None:
    """Take one line outside of hunks."""
    word, _, rest = line.partition(" ")
    match word:
        case "diff" if line.startswith("diff --git "):
            return
        case "index":
            return
        case "---":
            file.old = _side(rest, "a/")
        case "+++":
            file.new = _side(rest, "b/")
        case "rename" | "copy" if rest.startswith(("from ", "to ")):
            way, _, path = rest.partition(" ")
            file.kind = "renamed" if word == "rename" else "copied"
            if way == "from":
                file.old = _name(path)
            else:
                file.new = _name(path)
        case "new" if line.startswith("new file mode"):
            file.kind = "added"
            file.notes.append(line)
        case "deleted" if line.startswith("deleted file mode"):
            file.kind = "removed"
            file.notes.append(line)
        case _:
            file.is_binary |= line.startswith(("Binary files ", "GIT binary patch"))
            file.notes.extend([line] if line else [])


def _side(text: str, prefix: str) -> str | None:
    name = _name(text.partition("\t")[0])
    return None if name == "/dev/null" else name.removeprefix(prefix)


def _name(text: str) -> str:
    """Return the name of a file as git writes it: quoted, with escapes, where it holds odd characters."""
    if not (len(text) > 1 and text[0] == text[-1] == '"'):
        return text
    raw = bytearray()
    place = 1
    for found in _ESCAPE.finditer(text, 1, len(text) - 1):
        raw += text[place : found.start()].encode("utf-8", "surrogatepass")
        letter, octal = found.groups()
        raw.append(int(octal, 8) & 0xFF if octal else _NAMED.get(letter, ord(letter)))
        place = found.end()
    raw += text[place:-1].encode("utf-8", "surrogatepass")
    return raw.decode("utf-8", "replace")


def _hunk(found: re.Match[str], lines: Sequence[str], at: int) -> tuple[Hunk, int]:
    """Return the hunk whose first line is at `at`, and where the lines behind it begin."""
    old, new = int(found[1]), int(found[3])
    left_old, left_new = int(found[2] or 1), int(found[4] or 1)
    taken: list[ChangedLine] = []
    while at < len(lines):
        line = lines[at]
        kind = _KINDS.get(line[:1] or " ")
        if line.startswith("\\") and taken:
            taken[-1] = _opened(taken[-1])
        elif kind is None or (left_old <= 0 and left_new <= 0):
            break
        else:
            in_old, in_new = kind != "added", kind != "removed"
            numbers = (old if in_old else None, new if in_new else None)
            taken.append(ChangedLine(kind, *numbers, line[1:]))
            old, new = old + in_old, new + in_new
            left_old, left_new = left_old - in_old, left_new - in_new
        at += 1
    return Hunk(int(found[1]), int(found[3]), found[5], tuple(taken)), at


def _opened(line: ChangedLine) -> ChangedLine:
    return ChangedLine(line.kind, line.old, line.new, line.text, is_open=True)
