"""Recorded files in an export: git objects, each named by the hash of what it holds.

An object is only taken where a tree before it, or an event, names it; when all are there, every recorded tree
can be laid out again, file by file.
"""

import hashlib
from typing import Final

from callboard.engine.proof.lines import Line, Lines
from callboard.engine.proof.packing import unpacked

_TREE_MODE: Final = b"40000"
_SUBMODULE_MODE: Final = b"160000"
_MOST_NAMED: Final = 5_000_000


class Objects:
    """Takes objects in the order of an export."""

    def __init__(self, trees: list[str]) -> None:
        self._wanted = dict.fromkeys(trees, "tree")
        self._seen: set[str] = set()
        self.count = 0
        self.absent: list[str] = []

    def take_all(self, lines: Lines) -> None:
        """Take every object line.

        Raises:
            WrongLine: an object is not what it is called, is not asked for, or is missing.
        """
        while (line := lines.accept("object") or lines.accept("absent")) is not None:
            name = line.text("id")
            kind = self._wanted.pop(name, None)
            if kind is None:
                raise line.wrong(
                    f"object {name} belongs to no recorded tree, or was there already",
                    in_field="id",
                )
            self._seen.add(name)
            if line.fields["type"] == "absent":
                self.absent.append(f"{kind} {name}: {line.text('why')}")
            else:
                self._take(line, name, kind)
        if self._wanted:
            name, kind = next(iter(self._wanted.items()))
            raise lines.wrong(f"{kind} {name} of the recorded files is missing here")

    def _take(self, line: Line, name: str, kind: str) -> None:
        content = unpacked(line)
        if name != object_name(kind, content, len(name)):
            raise line.wrong(f"the content is not that of {kind} {name}", in_field="id")
        self.count += 1
        if kind != "tree":
            return
        try:
            for mode, below in tree_entries(content, len(name) // 2):
                if mode != _SUBMODULE_MODE and below not in self._seen:
                    self._wanted[below] = "tree" if mode == _TREE_MODE else "blob"
        except ValueError:
            raise line.wrong(f"tree {name} cannot be read", in_field="zlib") from None
        if len(self._wanted) > _MOST_NAMED:
            raise line.wrong("the trees name more objects than any export holds", in_field="zlib")


def object_name(kind: str, content: bytes, digits: int) -> str:
    """Return the id that git gives an object, in the format whose ids have so many digits."""
    algorithm = hashlib.sha256 if digits == 64 else hashlib.sha1
    return algorithm(b"%b %d\0" % (kind.encode(), len(content)) + content).hexdigest()


def tree_entries(content: bytes, width: int) -> list[tuple[bytes, str]]:
    """Return the modes and ids in a tree object whose ids have so many bytes.

    Raises:
        ValueError: it is not a tree.
    """
    found: list[tuple[bytes, str]] = []
    at = 0
    while at < len(content):
        end = content.index(b"\0", at) + 1
        mode, space, name = content[at : end - 1].partition(b" ")
        at = end + width
        if not space or not name or at > len(content):
            raise ValueError("not a tree")
        found.append((mode, content[end:at].hex()))
    return found
