"""Documentation that is already here: of installed packages, and in the repository itself."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import PurePosixPath

from callboard.ports.workspace import FileRefused, Files, Workspace
from callboard.web_access.docs.index import best_sections
from callboard.web_access.docs.installed import Document, installed_texts, read_text
from callboard.web_access.docs.sections import Section, sections

_FOLDERS = ("docs", "doc", "documentation")
_ENDINGS = (".md", ".markdown", ".rst", ".txt")
_MOST_FILES = 400
_DEEPEST = 6
_CHARACTERS_PER_TOKEN = 4


@dataclass(frozen=True, slots=True)
class LocalFinds:
    """A text, and whether it is about the topic: otherwise it is a package's description as a whole."""

    text: str
    on_topic: bool


def find_locally(
    workspace: Workspace, library: str, topic: str | None, max_tokens: int
) -> LocalFinds | None:
    """Return what installed packages and the repository say about a library, or None."""
    packages = [part for one in installed_texts(workspace.published, library) for part in _cut(one)]
    own = [part for one in _repository_texts(workspace.files) for part in _cut(one)]
    if _folded(PurePosixPath(workspace.root).name) != _folded(library):
        own = [part for part in own if _mentions(part, library)]
    chosen = best_sections([*packages, *own], topic) if topic else [*packages, *own]
    if chosen:
        return LocalFinds(_joined(chosen, max_tokens * _CHARACTERS_PER_TOKEN), on_topic=True)
    if packages:
        return LocalFinds(_joined(packages, max_tokens * _CHARACTERS_PER_TOKEN), on_topic=False)
    return None


def _cut(document: Document) -> Iterator[Section]:
    return sections(document.origin, document.text)


def _repository_texts(files: Files) -> Iterator[Document]:
    for path in islice(_paths(files), _MOST_FILES):
        text = read_text(files, path)
        if text is not None:
            yield Document(f"{path} in the workspace", text)


def _paths(files: Files) -> Iterator[str]:
    top, folders = _listing(files, ".")
    yield from (name for name in top if name.casefold().startswith("readme"))
    pending = [name for name in folders if name.casefold() in _FOLDERS]
    while pending:
        place = pending.pop(0)
        names, below = _listing(files, place)
        yield from (f"{place}/{name}" for name in names if name.casefold().endswith(_ENDINGS))
        if place.count("/") < _DEEPEST:
            pending += [f"{place}/{name}" for name in below]


def _listing(files: Files, path: str) -> tuple[Sequence[str], Sequence[str]]:
    try:
        listing = files.list(path)
    except FileRefused:
        return (), ()
    return listing.files, listing.directories


def _mentions(section: Section, library: str) -> bool:
    return _folded(library) in _folded(f"{section.heading} {section.text}")


def _folded(text: str) -> str:
    return re.sub(r"[-_.\s]+", "-", text.strip()).casefold()


def _joined(chosen: Sequence[Section], most: int) -> str:
    """Return the sections as one text, each under its heading, and under where it is from."""
    parts: list[str] = []
    origin = ""
    for section in chosen:
        if section.origin != origin:
            origin = section.origin
            parts.append(f"# From {origin}")
        parts += [f"## {section.heading}"] if section.heading else []
        parts.append(section.text)
        most -= len(section.text)
        if most <= 0:
            break
    return "\n\n".join(parts)
