"""Where an import leads: to a text of the folder, to a shim, or nowhere."""

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from callboard.sandbox.programs.typescript.modules import Reference
from callboard.sandbox.programs.typescript.shims import shim_of
from callboard.sandbox.programs.typescript.tsconfig import Paths, paths_of

ROOT: Final = "/project/.agents"
"""Where the folder seems to lie, for programs that ask (`__dirname`, `process.cwd()`, `fs`)."""

TYPESCRIPT: Final = (".ts", ".tsx", ".mts", ".cts")
JAVASCRIPT: Final = (".js", ".mjs", ".cjs", ".jsx")
_TRIED: Final = (".ts", ".tsx", ".mts", ".cts", ".js", ".mjs", ".cjs", ".jsx", ".json")
_TEXTS: Final = (".md", ".txt")
_WRITTEN_AS: Final = {
    ".js": (".ts", ".tsx"),
    ".mjs": (".mts",),
    ".cjs": (".cts",),
    ".jsx": (".tsx",),
}
_QUERY: Final = re.compile(r"\?[\w=&-]*$")


@dataclass(frozen=True, slots=True)
class Target:
    """What an import leads to: a file as code, JSON or text, or the shim of that name."""

    name: str
    kind: str


class Resolver:
    """Resolves imports within one folder: nothing outside of it exists."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self._files = files
        self._paths: dict[str, Paths] = {}

    def resolve(self, importer: str, reference: Reference) -> Target | None:
        """Return what a file's import leads to, or None where there is nothing."""
        specifier = _QUERY.sub("", reference.specifier)
        as_text = specifier != reference.specifier or reference.kind == "text"
        for path in self._places(importer, specifier):
            found = self._file(path)
            if found is not None:
                kind = _kind(found, as_text=as_text)
                return Target(found, kind) if kind else None
        shim = shim_of(specifier)
        return Target(shim, "shim") if shim else None

    def _places(self, importer: str, specifier: str) -> Iterator[str]:
        """Return the paths that a specifier may mean, the best first."""
        if specifier.startswith((".", "/")):
            folder = posixpath.dirname(importer) if specifier.startswith(".") else ""
            yield posixpath.join(ROOT, folder, specifier)
            return
        paths = self._nearest(importer)
        for place in paths.of(specifier):
            yield posixpath.join(ROOT, place)
        if shim_of(specifier) is None:
            yield posixpath.join(ROOT, specifier)

    def _nearest(self, importer: str) -> Paths:
        """Return what the nearest tsconfig.json above a file says."""
        folder: str = posixpath.dirname(importer)
        while True:
            name = posixpath.join(folder, "tsconfig.json")
            if name in self._files:
                if name not in self._paths:
                    self._paths[name] = paths_of(self._files[name], folder)
                return self._paths[name]
            if not folder:
                return Paths()
            folder = posixpath.dirname(folder)

    def _file(self, path: str) -> str | None:
        normal = posixpath.normpath(path)
        if normal == ROOT:
            name = ""
        elif normal.startswith(f"{ROOT}/"):
            name = normal[len(ROOT) + 1 :]
        else:
            return None
        return next((one for one in _candidates(name) if one in self._files), None)


def _candidates(name: str) -> Iterator[str]:
    if name:
        yield name
        yield from (name + suffix for suffix in _TRIED)
    stem, suffix = posixpath.splitext(name)
    yield from (stem + other for other in _WRITTEN_AS.get(suffix, ()))
    yield from (posixpath.join(name, f"index{suffix}") for suffix in _TRIED)


def _kind(path: str, *, as_text: bool) -> str:
    if as_text or path.endswith(_TEXTS):
        return "text"
    if path.endswith((*TYPESCRIPT, *JAVASCRIPT)):
        return "code"
    return "json" if path.endswith(".json") else ""
