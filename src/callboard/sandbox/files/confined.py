"""`ports.workspace.Files` for a directory on this machine."""

import errno
import os
import stat
from collections.abc import Generator
from contextlib import contextmanager
from itertools import islice

from callboard.ports.workspace import DirectoryListing, FileRefused
from callboard.sandbox.files.beneath import Beneath, Opened
from callboard.sandbox.files.ignores import Ignores
from callboard.sandbox.files.naming import (
    ignored,
    is_git_control,
    is_secret,
    outside,
    split_path,
)
from callboard.sandbox.files.walk import walk
from callboard.sandbox.files.writing import open_parent, replace_file

_CHUNK = 1 << 20
_REASONS = {
    errno.ENOENT: ("missing", "does not exist"),
    errno.ENOTDIR: ("missing", "does not exist"),
    errno.ENAMETOOLONG: ("missing", "does not exist (the name is too long)"),
    errno.ENXIO: ("not_a_file", "is not a regular file"),
    errno.EISDIR: ("not_a_file", "is a directory"),
}


class ConfinedFiles:
    """Files beneath `root`; git's own files, ignored files and secrets are refused by their real place.

    A path that leads through a symbolic link is refused and its real place named: whoever judged a call
    by its path judged that place, and no other.
    """

    def __init__(self, root: str, beneath: Beneath, ignores: Ignores) -> None:
        self._root = root
        self._beneath = beneath
        self._ignores = ignores

    def read(self, path: str, *, max_bytes: int) -> bytes:
        """See `ports.workspace.Files`."""
        with self._opened(path, os.O_RDONLY) as opened:
            self._require_visible(path, opened.parts)
            _require_direct(path, self._parts(path), opened.parts)
            _require_regular(path, opened.fd)
            return _read_bounded(path, opened.fd, max_bytes)

    def write(self, path: str, content: bytes) -> bool:
        """See `ports.workspace.Files`."""
        parts = self._parts(path)
        with _refusals(path):
            place = self._existing(path, parts)
            is_new = place is None
            directory, name = self._new(path, parts) if place is None else (None, place[-1])
            if directory is None:
                directory = self._beneath.open((place or ())[:-1], os.O_RDONLY | os.O_DIRECTORY)
            try:
                replace_file(directory.fd, name, content)
            finally:
                os.close(directory.fd)
        return is_new

    def remove(self, path: str) -> None:
        """See `ports.workspace.Files`."""
        parts = self._parts(path)
        with _refusals(path):
            place = self._existing(path, parts)
            if place is None:
                self._require_visible(path, parts)
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
            directory = self._beneath.open(place[:-1], os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.unlink(
                    place[-1], dir_fd=directory.fd
                )  # a link that took its place goes, no target
            finally:
                os.close(directory.fd)

    def modified(self, path: str) -> float:
        """See `ports.workspace.Files`."""
        with self._opened(path, os.O_RDONLY) as opened:
            self._require_visible(path, opened.parts)
            _require_direct(path, self._parts(path), opened.parts)
            _require_regular(path, opened.fd)
            return os.fstat(opened.fd).st_mtime

    def list(self, path: str) -> DirectoryListing:
        """See `ports.workspace.Files`."""
        files: list[str] = []
        directories: list[str] = []
        with self._opened(path, os.O_RDONLY) as opened:
            self._require_visible(path, opened.parts, directory=True)
            _require_direct(path, self._parts(path), opened.parts)
            if not stat.S_ISDIR(os.fstat(opened.fd).st_mode):
                raise FileRefused(f"{path} is not a directory.", reason="not_a_file")
            with os.scandir(opened.fd) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        directories.append(entry.name)
                    elif entry.is_file(follow_symlinks=False):
                        files.append(entry.name)
        return DirectoryListing(_readable(files), _readable(directories))

    def visible(self, path: str) -> bool:
        """See `ports.workspace.Files`."""
        try:
            parts = self._parts(path)
            try:
                opened = self._beneath.open(parts, os.O_RDONLY)
            except FileNotFoundError:
                return ".." not in parts and not self._hidden(parts)
            os.close(opened.fd)
            return not self._hidden(opened.parts)
        except (FileRefused, OSError):
            return False

    def walk(self, *, limit: int) -> tuple[str, ...]:
        """See `ports.workspace.Files`."""
        found = (
            "/".join(entry.parts)
            for entry in walk(self._beneath, self._ignores)
            if stat.S_ISREG(entry.status.st_mode) and not any(map(is_secret, entry.parts))
        )
        return tuple(sorted(_readable(list(islice(found, limit)))))

    def _parts(self, path: str) -> tuple[str, ...]:
        return split_path(path, self._root)

    @contextmanager
    def _opened(self, path: str, flags: int) -> Generator[Opened]:
        parts = self._parts(path)
        with _refusals(path):
            try:
                opened = self._beneath.open(parts, flags)
            except FileNotFoundError:
                self._require_visible(path, parts)
                raise
            try:
                yield opened
            finally:
                os.close(opened.fd)

    def _existing(self, path: str, parts: tuple[str, ...]) -> tuple[str, ...] | None:
        """Return where the file really is, or None where there is none yet."""
        try:
            opened = self._beneath.open(parts, os.O_RDONLY)
        except FileNotFoundError:
            return None
        try:
            self._require_visible(path, opened.parts)
            _require_direct(path, parts, opened.parts)
            _require_regular(path, opened.fd)
        finally:
            os.close(opened.fd)
        return opened.parts

    def _new(self, path: str, parts: tuple[str, ...]) -> tuple[Opened, str]:
        if not parts or parts[-1] == "..":
            raise FileRefused(f"{path} does not name a file.", reason="not_a_file")
        self._require_visible(path, parts)  # before any parent directory is created
        directory = open_parent(self._beneath, parts[:-1])
        try:
            self._require_visible(path, (*directory.parts, parts[-1]))
            _require_direct(path, parts, (*directory.parts, parts[-1]))
            _require_free(path, directory.fd, parts[-1])
        except BaseException:
            os.close(directory.fd)
            raise
        return directory, parts[-1]

    def _require_visible(
        self, path: str, parts: tuple[str, ...], *, directory: bool = False
    ) -> None:
        if self._hidden(parts, directory=directory):
            raise ignored(path)

    def _hidden(self, parts: tuple[str, ...], *, directory: bool = False) -> bool:
        if any(is_git_control(part) or is_secret(part) for part in parts):
            return True
        return self._ignores.ignored(parts, directory=directory)


def _require_direct(path: str, asked: tuple[str, ...], real: tuple[str, ...]) -> None:
    plain: list[str] = []
    for part in asked:
        if part == ".." and plain:
            plain.pop()
        else:
            plain.append(part)
    if tuple(plain) != real:
        place = "/".join(real) or "."
        message = f"{path} leads through a symbolic link to {place}; use that path."
        raise FileRefused(message, reason="link")


def _require_regular(path: str, fd: int) -> None:
    mode = os.fstat(fd).st_mode
    if not stat.S_ISREG(mode):
        kind = "is a directory" if stat.S_ISDIR(mode) else "is not a regular file"
        raise FileRefused(f"{path} {kind}.", reason="not_a_file")


def _require_free(path: str, directory: int, name: str) -> None:
    """Refuse to put a new file over a link that leads nowhere."""
    try:
        os.stat(name, dir_fd=directory, follow_symlinks=False)
    except FileNotFoundError:
        return
    raise FileRefused(f"{path} is a link that leads nowhere.", reason="not_a_file")


def _read_bounded(path: str, fd: int, max_bytes: int) -> bytes:
    size = os.fstat(fd).st_size
    chunks: list[bytes] = []
    total = 0
    while size <= max_bytes:
        chunk = os.read(fd, min(_CHUNK, max_bytes + 1 - total))
        if not chunk:
            return b"".join(chunks)
        chunks.append(chunk)
        total += len(chunk)
        size = max(size, total)
    message = (
        f"{path} is too large: {size / 1e6:.2f} MB, at most {max_bytes / 1e6:.2f} MB are read."
    )
    raise FileRefused(message, reason="too_large", size=size)


def _readable(names: list[str]) -> tuple[str, ...]:
    """Sort names and leave out those that are not text: no tool could be asked for them."""
    return tuple(sorted(name for name in names if name.isprintable() or _is_text(name)))


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


@contextmanager
def _refusals(path: str) -> Generator[None]:
    """Turn what the file system says into what a model can read."""
    try:
        yield
    except OSError as problem:
        if problem.errno in {errno.EXDEV, errno.ELOOP}:
            raise outside(path) from None
        usual = ("unreadable", f"cannot be used: {os.strerror(problem.errno or errno.EIO)}")
        reason, text = _REASONS.get(problem.errno or 0, usual)
        raise FileRefused(f"{path} {text}.", reason=reason) from None
