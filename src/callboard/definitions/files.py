"""Reading small text files that somebody else put there."""

import errno
import os
import stat
from pathlib import Path, PurePosixPath
from typing import Final

MAX_BYTES: Final = 1024 * 1024

_FILE: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_REASONS: Final = {
    errno.ENOENT: "does not exist",
    errno.ELOOP: "is a symbolic link; put the file itself here",
    errno.ENOTDIR: "goes through something that is not a folder (symbolic links are not followed)",
    errno.EACCES: "may not be read",
    errno.ENXIO: "is not a regular file",
}


class Unreadable(Exception):
    """A file cannot be used; the message says why and reads after its name."""


def read_text(path: Path) -> str:
    """Return the text of a file, with newlines as line feeds and without a byte order mark.

    Raises:
        Unreadable: it is missing, not a regular file, a link, too large or not UTF-8 text.
    """
    try:
        descriptor = os.open(path, _FILE)
    except (OSError, ValueError) as error:
        raise Unreadable(_reason(error)) from error
    try:
        return _text(descriptor)
    finally:
        os.close(descriptor)


def read_beneath(folder: Path, name: str) -> str:
    """Return the text of a file below a folder; `name` cannot lead out of it, by no spelling or link.

    Raises:
        Unreadable: it leads out, or `read_text` would refuse the file.
    """
    parts = _beneath(name)
    try:
        here = os.open(folder, _FOLDER)
    except OSError as error:
        raise Unreadable(_reason(error)) from error
    try:
        for part in parts[:-1]:
            below = os.open(part, _FOLDER | os.O_NOFOLLOW, dir_fd=here)
            os.close(here)
            here = below
        descriptor = os.open(parts[-1], _FILE, dir_fd=here)
    except OSError as error:
        raise Unreadable(_reason(error)) from error
    finally:
        os.close(here)
    try:
        return _text(descriptor)
    finally:
        os.close(descriptor)


def _beneath(name: str) -> list[str]:
    if not name or "\x00" in name or PurePosixPath(name).is_absolute():
        raise Unreadable("must be a path relative to the definition's folder")
    parts: list[str] = []
    for part in PurePosixPath(name).parts:
        if part != "..":
            parts.append(part)
        elif parts:
            parts.pop()
        else:
            raise Unreadable("leads out of the definition's folder")
    if not parts:
        raise Unreadable("is a folder")
    return parts


def _text(descriptor: int) -> str:
    state = os.fstat(descriptor)
    if stat.S_ISDIR(state.st_mode):
        raise Unreadable("is a folder")
    if not stat.S_ISREG(state.st_mode):
        raise Unreadable("is not a regular file")
    with open(descriptor, "rb", closefd=False) as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise Unreadable(f"is larger than {MAX_BYTES // 1024} KiB")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable(f"is not UTF-8 text (byte {error.start})") from error
    if "\x00" in text:
        raise Unreadable("holds a NUL character")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _reason(error: OSError | ValueError) -> str:
    if isinstance(error, OSError):
        return _REASONS.get(error.errno or 0, error.strerror or "cannot be read")
    return "is not a usable file name"
