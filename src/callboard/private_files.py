"""Files of a deployment that nobody but its owner reads or changes: keys, and what is as precious as one.

A file appears whole or not at all, and is durable when a call returns. Nothing is read or written through a
symbolic link. Whoever calls says in its own words what a failure means.
"""

import contextlib
import fcntl
import os
import stat
from collections.abc import Generator
from pathlib import Path
from typing import Final

_READ: Final = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
_MAKE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
_LOCK: Final = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
_OWNER_ONLY: Final = 0o600


class NotPrivate(Exception):
    """A file is there that is no private one: `what` says why, with the file as its subject. `mode` are its
    permissions where others may read or change it, else None.
    """

    def __init__(self, what: str, mode: int | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.mode = mode


def read_file(path: Path, *, most: int) -> bytes | None:
    """Return the first `most` bytes of a file, None where there is none. Blocks.

    Raises:
        OSError: it cannot be read, or is a symbolic link.
    """
    try:
        with os.fdopen(os.open(path, _READ), "rb") as file:
            return file.read(most)
    except FileNotFoundError:
        return None


def read_private(path: Path, *, most: int) -> bytes | None:
    """Return the first `most` bytes of a private file, None where there is none. Blocks.

    Raises:
        NotPrivate: it is no regular file, belongs to somebody else, or others may read it.
        OSError: it cannot be read, or is a symbolic link.
    """
    try:
        with os.fdopen(os.open(path, _READ), "rb") as file:
            _check(os.fstat(file.fileno()))
            return file.read(most)
    except FileNotFoundError:
        return None


def write_private(path: Path, content: bytes, *, replace: bool) -> None:
    """Put a file there that only its owner may read. Without `replace`, one that is there stays. Blocks.

    Raises:
        OSError: it cannot be written; then all is as it was.
    """
    new = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    try:
        with os.fdopen(os.open(new, _MAKE, _OWNER_ONLY), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if replace:
            new.rename(path)
        else:
            with contextlib.suppress(FileExistsError):
                os.link(new, path, follow_symlinks=False)
    finally:
        new.unlink(missing_ok=True)
    _settle(path.parent)


def move_private(path: Path, over: Path) -> None:
    """Put a file in the place of another one of the same directory, at once. Blocks.

    Raises:
        OSError: it cannot be moved; then both are as they were.
    """
    path.rename(over)
    _settle(over.parent)


@contextlib.contextmanager
def locked(path: Path, *, shared: bool = False) -> Generator[None]:
    """Hold a lock file, alone or with others that share it; the kernel frees it with the process. Blocks.

    Raises:
        OSError: it cannot be opened.
    """
    with os.fdopen(os.open(path, _LOCK, _OWNER_ONLY), "rb") as held:
        fcntl.flock(held, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
        yield


def _settle(directory: Path) -> None:
    """Make names durable: what depends on a file must not outlive it."""
    opened = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _check(found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise NotPrivate("is not a regular file")
    if found.st_uid != os.geteuid():
        raise NotPrivate("belongs to somebody else")
    mode = stat.S_IMODE(found.st_mode)
    if mode & 0o077:
        raise NotPrivate("can be read by others", mode)
