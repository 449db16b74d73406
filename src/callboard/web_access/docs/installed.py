"""The texts that an installed package brings along: README files and metadata. Nothing is run."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.parser import HeaderParser

from callboard.ports.workspace import DirectoryListing, FileRefused, PublishedTexts

_LARGEST = 1_000_000
_ENVIRONMENTS = (".venv", "venv")
_NOTHING = DirectoryListing((), ())
_SEPARATORS = re.compile(r"[-_.\s]+")
_NODE_NAME = re.compile(r"(@[a-z0-9_][\w.-]*/)?[a-z0-9_][\w.-]*")


@dataclass(frozen=True, slots=True)
class Document:
    """A text. `origin` says where it is from, in words for a reader."""

    origin: str
    text: str


def installed_texts(published: PublishedTexts, library: str) -> Iterator[Document]:
    """Yield what the packages of this name say of themselves: Python's, then node's."""
    yield from _python(published, library)
    yield from _node(published, library)


def read_text(place: PublishedTexts, path: str) -> str | None:
    """Return a file as text, or None where it is refused, too large or not there."""
    try:
        return place.read(path, max_bytes=_LARGEST).decode(errors="replace")
    except FileRefused:
        return None


def _python(published: PublishedTexts, library: str) -> Iterator[Document]:
    wanted = _SEPARATORS.sub("-", library.strip()).casefold()
    for place in _site_packages(published):
        for name in _listing(published, place).directories:
            stem = name.removesuffix(".dist-info")
            package = stem.partition("-")[0]
            if stem == name or _SEPARATORS.sub("-", package).casefold() != wanted:
                continue
            text = read_text(published, f"{place}/{name}/METADATA")
            if text is not None:
                yield _metadata(text, place)


def _site_packages(published: PublishedTexts) -> Iterator[str]:
    for environment in _ENVIRONMENTS:
        for python in _listing(published, f"{environment}/lib").directories:
            yield f"{environment}/lib/{python}/site-packages"


def _metadata(text: str, place: str) -> Document:
    """Return core metadata as a document: its description is behind the headers, or one of them."""
    parsed = HeaderParser().parsestr(text)
    name, version = parsed.get("Name", ""), parsed.get("Version", "")
    description = str(parsed.get_payload() or "") or _unindented(parsed.get("Description", ""))
    summary = parsed.get("Summary", "")
    links = [f"- {link}" for link in parsed.get_all("Project-URL", [])]
    parts = [summary, *(["\n".join(links)] if links else []), description]
    return Document(f"{name} {version}, installed in {place}", "\n\n".join(filter(None, parts)))


def _unindented(description: str) -> str:
    return re.sub(r"\n(?: {7}\||        )", "\n", description)


def _node(published: PublishedTexts, library: str) -> Iterator[Document]:
    name = library.strip().casefold().replace(" ", "-")
    for package in dict.fromkeys((name, name.removesuffix(".js"))):
        if not _NODE_NAME.fullmatch(package):
            continue
        for place in (f"node_modules/{package}", *_pnpm(published, package)):
            text = _readme(published, place)
            if text is not None:
                yield Document(f"{package}, installed in {place}", text)
                return


def _readme(published: PublishedTexts, place: str) -> str | None:
    for file in _listing(published, place).files:
        if file.casefold().startswith("readme"):
            return read_text(published, f"{place}/{file}")
    return None


def _pnpm(published: PublishedTexts, name: str) -> Iterator[str]:
    """Yield the real places of a package: pnpm links to them, and links are not followed."""
    flat = name.replace("/", "+")
    for entry in reversed(_listing(published, "node_modules/.pnpm").directories):
        if entry.startswith(f"{flat}@"):
            yield f"node_modules/.pnpm/{entry}/node_modules/{name}"


def _listing(published: PublishedTexts, path: str) -> DirectoryListing:
    try:
        return published.list(path)
    except FileRefused:
        return _NOTHING
