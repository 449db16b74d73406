"""Writing beneath a root: a whole file or nothing, never through a link that leaves."""

import errno
import os
import secrets
import stat
from contextlib import suppress

from callboard.sandbox.files.beneath import Beneath, Opened

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY


def open_parent(beneath: Beneath, parts: tuple[str, ...]) -> Opened:
    """Open a directory beneath the root, creating what is missing of it.

    Raises:
        OSError: it leaves the root, or something in the way is not a directory.
    """
    try:
        return beneath.open(parts, _DIRECTORY)
    except FileNotFoundError:
        if not parts or parts[-1] == "..":
            raise
    above = open_parent(beneath, parts[:-1])
    try:
        with suppress(FileExistsError):
            os.mkdir(parts[-1], dir_fd=above.fd)
    finally:
        os.close(above.fd)
    return beneath.open((*above.parts, parts[-1]), _DIRECTORY)


def replace_file(directory: int, name: str, content: bytes, *, mode: int | None = None) -> None:
    """Put a file into an open directory atomically; an existing file's mode and owner are kept.

    `mode` sets the permission bits; without it they are the old file's, or the process's default.
    """
    old = _status(directory, name)
    temporary = f".{secrets.token_hex(8)}.part"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    fd = os.open(temporary, flags, 0o600 if old else mode or 0o666, dir_fd=directory)
    try:
        try:
            _write_all(fd, content)
            _keep_attributes(fd, old, mode)
        finally:
            os.close(fd)
        os.rename(temporary, name, src_dir_fd=directory, dst_dir_fd=directory)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary, dir_fd=directory)
        raise


def _status(directory: int, name: str) -> os.stat_result | None:
    try:
        status = os.stat(name, dir_fd=directory, follow_symlinks=False)
    except FileNotFoundError:
        return None
    if stat.S_ISDIR(status.st_mode):
        raise OSError(errno.EISDIR, os.strerror(errno.EISDIR), name)
    return status if stat.S_ISREG(status.st_mode) else None


def _write_all(fd: int, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(fd, rest) :]


def _keep_attributes(fd: int, old: os.stat_result | None, mode: int | None) -> None:
    if old is None:
        return
    status = os.fstat(fd)
    if (status.st_uid, status.st_gid) != (old.st_uid, old.st_gid):
        with suppress(PermissionError):
            os.fchown(fd, old.st_uid, old.st_gid)
    os.fchmod(fd, stat.S_IMODE(old.st_mode) if mode is None else mode)
