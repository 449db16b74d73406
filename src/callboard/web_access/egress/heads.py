"""What a client asks of a proxy: from hostile bytes to a host, or to a refusal. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

LARGEST_HEAD = 64 * 1024
_LONGEST_LINE = 16 * 1024
_MOST_FIELDS = 200
_HTTP_PORT, _HIGHEST_PORT = 80, 65_535

_AUTHORITY = r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^\[\]@:/?#\\\s]+)(?::(?P<port>[0-9]{1,5}))?"
_TUNNEL = re.compile(rf"{_AUTHORITY}\Z")
_PLAIN = re.compile(rf"http://{_AUTHORITY}(?P<path>[/?][^#\s]*)?\Z", re.IGNORECASE)
_METHOD = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,40}\Z")
_VERSION = re.compile(r"HTTP/1\.[01]\Z")
# One way to match only: a field is hostile, and nothing may be tried twice.
_FIELD = re.compile(r"([A-Za-z0-9!#$%&'*+.^_`|~-]+):([^\x00-\x08\x0a-\x1f\x7f]*)\Z")
_OF_ONE_HOP = frozenset(
    ("connection", "proxy-connection", "proxy-authorization", "keep-alive", "upgrade", "host")
)


class NoRequest(Exception):
    """The bytes are not a request that a proxy could pass on; the message is fit for a client."""


@dataclass(frozen=True, slots=True)
class Head:
    """The beginning of one request to a proxy.

    Attributes:
        method: `CONNECT` asks for a tunnel, everything else is a plain request.
        host: as it was written, without judgement.
        port: between 1 and 65535.
        path: path and query of a plain request.
        fields: names and values that go on to the server; those of one hop are left out, and `Host`, which the
            target replaces.
        body: how many bytes follow; None: as chunks.
    """

    method: str
    host: str
    port: int
    path: str = "/"
    fields: tuple[tuple[str, str], ...] = ()
    body: int | None = 0

    @property
    def tunnel(self) -> bool:
        """Whether bytes are passed on as they are, in both directions."""
        return self.method == "CONNECT"

    def opening(self, named: str, more: Sequence[tuple[str, str]] = ()) -> bytes:
        """Return the request as the server gets it; it is told to end the connection after one answer.

        Args:
            named: the value of `Host`: what was judged, and not what the client says.
            more: fields that take the place of the client's own of the same name.
        """
        replaced = {name.lower() for name, _ in more}
        kept = [field for field in self.fields if field[0].lower() not in replaced]
        lines = [f"{name}: {value}" for name, value in (("Host", named), *kept, *more)]
        first = f"{self.method} {self.path} HTTP/1.1"
        return "\r\n".join([first, *lines, "Connection: close", "", ""]).encode("latin-1")


def read_head(content: bytes) -> Head:
    """Return what the bytes up to the empty line ask for.

    Raises:
        NoRequest: whatever else they are.
    """
    line, *rest = content.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
    words = line.split(" ")
    if len(words) != 3 or len(line) > _LONGEST_LINE:
        raise NoRequest("This is not a request to a proxy.")
    method, target, version = words
    if not _METHOD.match(method) or not _VERSION.match(version):
        raise NoRequest("This is not a request to a proxy.")
    if method == "CONNECT":
        host, port, _ = _target(_TUNNEL, target, None)
        return Head(method, host, port)
    host, port, path = _target(_PLAIN, target, _HTTP_PORT)
    fields = _fields(rest)
    kept = tuple((name, value) for name, value in fields if name.lower() not in _OF_ONE_HOP)
    return Head(method, host, port, path, kept, _body(fields))


def _target(pattern: re.Pattern[str], target: str, usual: int | None) -> tuple[str, int, str]:
    match = pattern.match(target)
    if match is None or not target.isascii() or not target.isprintable():
        raise NoRequest("A proxy takes CONNECT host:port, or http://host/path.")
    port = int(match["port"]) if match["port"] else usual
    if port is None or not 0 < port <= _HIGHEST_PORT:
        raise NoRequest("The request names no usable port.")
    path = match.groupdict().get("path") or "/"
    return match["host"], port, path if path.startswith("/") else f"/{path}"


def _fields(lines: list[str]) -> list[tuple[str, str]]:
    if len(lines) > _MOST_FIELDS:
        raise NoRequest("The request has too many fields.")
    found: list[tuple[str, str]] = []
    for line in lines:
        match = _FIELD.match(line) if len(line) <= _LONGEST_LINE else None
        if match is None:
            raise NoRequest("The request has a field that is none.")
        found.append((match[1], match[2].strip(" \t")))
    return found


def _body(fields: list[tuple[str, str]]) -> int | None:
    """Return how long the body is; where two fields could tell two different things, there is no request."""
    lengths = [value for name, value in fields if name.lower() == "content-length"]
    codings = [value.lower() for name, value in fields if name.lower() == "transfer-encoding"]
    if codings:
        if lengths or codings != ["chunked"]:
            raise NoRequest("The request does not say how long its body is.")
        return None
    if not lengths:
        return 0
    if len(lengths) > 1 or not re.fullmatch(r"[0-9]{1,15}", lengths[0]):
        raise NoRequest("The request does not say how long its body is.")
    return int(lengths[0])
