"""Paths and texts as the file tools share them."""

import posixpath

from callboard.ports.workspace import FileRefused, Files

LARGEST_FILE = 10_000_000
"""Bytes."""

_SENTINELS = {
    "missing": "[FILE_DOES_NOT_EXIST]",
    "ignored": "[BLOCKED]",
    "outside": "[FILE_OUTSIDE_PROJECT]",
    "not_text": "[FILE_READ_ERROR] It is not a text file.",
}
_TEMPLATE_ENDINGS = ("example", "sample", "template", "dist")
_BINARY_PROBE = 8000


def same_path(path: str) -> str:
    """Return one spelling for all spellings of a path that differ in dots and slashes alone."""
    return posixpath.normpath(path)


def sentinel(refused: FileRefused) -> str:
    """Return what stands in place of the content of a file that is not served."""
    if refused.reason == "too_large":
        return f"[FILE_TOO_LARGE] [{(refused.size or 0) / 1e6:.2f}MB]"
    return _SENTINELS.get(refused.reason, f"[FILE_READ_ERROR] {refused}")


def is_template(path: str) -> bool:
    """Whether a path names a template of an environment file."""
    name = posixpath.basename(path).lower()
    return name.startswith(".env") and name.endswith(_TEMPLATE_ENDINGS)


def read_text(files: Files, path: str, *, max_bytes: int = LARGEST_FILE) -> str:
    """Return a text file; bytes that are not UTF-8 become lone surrogates, so that nothing is lost.

    Raises:
        FileRefused: also, with `not_text`, for binary files.
    """
    content = files.read(path, max_bytes=max_bytes)
    if b"\0" in content[:_BINARY_PROBE]:
        raise FileRefused(f"{path} is not a text file.", reason="not_text")
    return content.decode(errors="surrogateescape")


def encode(text: str) -> bytes:
    """Return the bytes of a text from `read_text`."""
    return text.encode(errors="surrogateescape")


def unix_lines(text: str) -> str:
    """Return text with plain newlines."""
    return text.replace("\r\n", "\n")


def like(old: str, text: str) -> str:
    """Return text with the line ends of an old text: CRLF where the old one has any."""
    plain = unix_lines(text)
    return plain.replace("\n", "\r\n") if "\r\n" in old else plain


def is_writable_text(text: str) -> bool:
    """Whether a model's text can be stored: it has no lone surrogates."""
    return not any("\ud800" <= char <= "\udfff" for char in text)
