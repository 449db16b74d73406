"""Listings of files and the git trees they make."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple, Protocol

REGULAR, EXECUTABLE, LINK, SUBMODULE, DIRECTORY = "100644", "100755", "120000", "160000", "40000"
_OBJECT_ID = re.compile(r"^(?:[0-9a-f]{40}|[0-9a-f]{64})$")


class Entry(NamedTuple):
    """One path of a tree: git's mode and the object's id."""

    mode: str
    id: str


Listing = Mapping[str, Entry]
"""Paths (undecodable bytes as surrogates, as Python has them) to entries; files and links only."""


class ObjectWriter(Protocol):
    """Stores git objects."""

    def write(self, kind: str, content: bytes) -> str:
        """Store an object and return its id."""
        ...


def is_object_id(text: str) -> bool:
    """Whether this is a full object id, and nothing that git would take for something else."""
    return _OBJECT_ID.fullmatch(text) is not None


def parse_listing(output: bytes) -> dict[str, Entry]:
    """Read the output of `ls-tree -r -z`."""
    listing: dict[str, Entry] = {}
    for record in output.split(b"\0"):
        if record:
            facts, _, path = record.partition(b"\t")
            mode, _, name = facts.decode().split()
            listing[path.decode(errors="surrogateescape")] = Entry(mode, name)
    return listing


class _Node:
    """A directory in the making."""

    def __init__(self) -> None:
        self.entries: dict[str, Entry] = {}
        self.below: dict[str, _Node] = {}

    def write(self, objects: ObjectWriter) -> str:
        for name, node in self.below.items():
            self.entries[name] = Entry(DIRECTORY, node.write(objects))
        rows = sorted((_sort_key(name, entry), name, entry) for name, entry in self.entries.items())
        return objects.write("tree", b"".join(_row(name, entry) for _, name, entry in rows))


def _sort_key(name: str, entry: Entry) -> bytes:
    return _encoded(name) + (b"/" if entry.mode == DIRECTORY else b"")


def _row(name: str, entry: Entry) -> bytes:
    return b"%b %b\0%b" % (entry.mode.encode(), _encoded(name), bytes.fromhex(entry.id))


def _encoded(name: str) -> bytes:
    return name.encode(errors="surrogateescape")


def write_tree(listing: Listing, objects: ObjectWriter) -> str:
    """Store a listing as trees and return the root's id."""
    root = _Node()
    for path, entry in listing.items():
        *above, name = path.split("/")
        node = root
        for part in above:
            node = node.below.setdefault(part, _Node())
        node.entries[name] = entry
    return root.write(objects)


def object_id(kind: str, content: bytes, algorithm: str) -> tuple[str, bytes]:
    """Return an object's id and the bytes that are stored for it, before compression."""
    raw = b"%b %d\0%b" % (kind.encode(), len(content), content)
    return hashlib.new(algorithm, raw, usedforsecurity=False).hexdigest(), raw


def shown(paths: Iterable[str]) -> list[str]:
    """Return paths as valid text."""
    return [_encoded(path).decode(errors="replace") for path in paths]
