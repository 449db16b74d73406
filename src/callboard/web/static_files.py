"""Style sheets, modules and icons: read once, served under an address that changes when any of them does."""

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_MEDIA: Final = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
_SHEET: Final = "app.css"
_FIRST: Final = ("layers.css", "tokens.css", "base.css")
"""What the other style sheets build on."""
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
"""For whoever opens a file by itself."""


@dataclass(frozen=True, slots=True)
class StaticFile:
    """One file as it is sent."""

    content: bytes
    packed: bytes
    media: str


@dataclass(frozen=True, slots=True)
class StaticFiles:
    """All files by name, and what the state of all of them is called."""

    files: Mapping[str, StaticFile]
    version: str

    def address(self, name: str) -> str:
        """Return where a file is found. It may be kept for ever.

        Raises:
            KeyError: there is none of this name.
        """
        self.files[name]
        return f"/static/{self.version}/{name}"

    async def answer(self, request: Request) -> Response:
        """Send a file, whichever version is asked for: a page opened before an update still finds its own."""
        found = self.files.get(request.path_params["name"])
        if found is None:
            return Response("there is no such file\n", 404, media_type="text/plain")
        current = request.path_params["version"] == self.version
        headers = {
            "Cache-Control": "public, max-age=31536000, immutable" if current else "no-cache",
            "Content-Security-Policy": _POLICY,
            "Vary": "Accept-Encoding",
        }
        if "gzip" in request.headers.get("accept-encoding", ""):
            headers["Content-Encoding"] = "gzip"
            return Response(found.packed, 200, headers, found.media)
        return Response(found.content, 200, headers, found.media)

    @property
    def route(self) -> Route:
        """The route that answers for all of them."""
        return Route("/static/{version}/{name:path}", self.answer)


@cache
def static_files() -> StaticFiles:
    """Read the files of this package. The style sheets are sent as one."""
    root = files("callboard.web") / "static"
    found = {name: one.read_bytes() for name, one in _below(root)}
    sheets = sorted((name for name in found if name.endswith(".css")), key=_cascade)
    found[_SHEET] = b"\n".join(found.pop(name) for name in sheets)
    digest = hashlib.sha256()
    for name in sorted(found):
        digest.update(name.encode() + b"\0" + found[name] + b"\0")
    return StaticFiles({name: _sent(name, found[name]) for name in found}, digest.hexdigest()[:12])


def _cascade(name: str) -> tuple[int, str]:
    last = name.rpartition("/")[2]
    return (_FIRST.index(last) if last in _FIRST else len(_FIRST), last)


def _below(place: Traversable, prefix: str = "") -> list[tuple[str, Traversable]]:
    found: list[tuple[str, Traversable]] = []
    for one in place.iterdir():
        if one.is_dir():
            found += _below(one, f"{prefix}{one.name}/")
        elif one.name.rpartition(".")[2] in _MEDIA:
            found.append((f"{prefix}{one.name}", one))
    return found


def _sent(name: str, content: bytes) -> StaticFile:
    packed = gzip.compress(content, 9, mtime=0)
    return StaticFile(content, packed, _MEDIA[name.rpartition(".")[2]])
