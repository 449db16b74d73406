"""Bodies of responses: what is text, and no more of it than wanted, however it was packed."""

import zlib
from typing import Protocol

from callboard.ports.web import WebFailed

_TEXTS = frozenset(
    {
        "application/ecmascript",
        "application/javascript",
        "application/json",
        "application/toml",
        "application/x-yaml",
        "application/xml",
        "application/yaml",
    }
)
_TEXT_SUFFIXES = ("+json", "+xml", "+yaml")
_ENCODINGS = {"gzip": 31, "x-gzip": 31, "deflate": 15}


class Unpacker(Protocol):
    """Takes packed bytes and gives plain ones."""

    def take(self, block: bytes, most: int) -> bytes:
        """Return at most `most` plain bytes of what has come so far."""
        ...


def require_text(content_type: str) -> None:
    """Pass a content type (without parameters, in lower case) of which text can be made.

    Raises:
        WebFailed: it is something else; the message says what.
    """
    is_text = content_type.startswith("text/") or content_type in _TEXTS
    if not content_type or is_text or content_type.endswith(_TEXT_SUFFIXES):
        return
    if content_type in {"application/pdf", "application/x-pdf"}:
        raise WebFailed("It is a PDF, which cannot be read here; look for the same text as HTML.")
    raise WebFailed(f"It is not text but {content_type[:100]}, which cannot be read here.")


def unpacker_for(encoding: str) -> Unpacker:
    """Return what undoes a content encoding.

    Raises:
        WebFailed: it is none that we asked for.
    """
    name = encoding.strip().lower()
    if name in {"", "identity"}:
        return _Plain()
    if name not in _ENCODINGS:
        raise WebFailed(f"It is packed in a way that was not asked for ({name[:40]}).")
    return _Zlib(_ENCODINGS[name])


class _Plain:
    def take(self, block: bytes, most: int) -> bytes:
        return block[:most]


class _Zlib:
    """Unpacks no more than is wanted: a few bytes can stand for gigabytes."""

    def __init__(self, bits: int) -> None:
        self._unpacking = zlib.decompressobj(bits)

    def take(self, block: bytes, most: int) -> bytes:
        try:
            return self._unpacking.decompress(block, most)
        except zlib.error:
            raise WebFailed("It is packed wrongly and cannot be read.") from None
