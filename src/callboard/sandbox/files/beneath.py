"""Opening paths that cannot leave a directory, whatever is renamed or linked meanwhile.

Two implementations of one behaviour: `openat2` where Linux has it, and a walk that opens one component
at a time without following links elsewhere. Links inside the workspace are followed, links that leave it
(all absolute ones do) fail with EXDEV.
"""

import ctypes
import errno
import os
import sys
from collections import deque
from dataclasses import dataclass
from typing import Protocol

_OPENAT2 = 437  # the same on every architecture
_NO_MAGICLINKS, _BENEATH = 0x02, 0x08
_MOST_LINKS = 40
_MOST_RETRIES = 64
_ALWAYS = os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY


@dataclass(frozen=True, slots=True)
class Opened:
    """An open descriptor, owned by the caller, and where it really is: components below the root."""

    fd: int
    parts: tuple[str, ...]


class Beneath(Protocol):
    """Opens existing paths beneath one directory."""

    def open(self, parts: tuple[str, ...], flags: int) -> Opened:
        """Open a path; FIFOs do not block.

        Raises:
            OSError: with EXDEV where the path leaves the directory.
        """
        ...

    def close(self) -> None:
        """Release the directory. Idempotent."""
        ...


class _OpenHow(ctypes.Structure):
    _fields_ = (
        ("flags", ctypes.c_uint64),
        ("mode", ctypes.c_uint64),
        ("resolve", ctypes.c_uint64),
    )


def _left(parts: tuple[str, ...]) -> OSError:
    return OSError(errno.EXDEV, os.strerror(errno.EXDEV), "/".join(parts))


class _Rooted:
    """Holds the directory that everything is relative to."""

    _open = False

    def __init__(self, root: str) -> None:
        self._root = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self._open = True

    def close(self) -> None:
        if self._open:
            self._open = False
            os.close(self._root)

    def __del__(self) -> None:
        self.close()


class KernelBeneath(_Rooted):
    """`openat2(RESOLVE_BENEATH)`: the kernel confines the whole resolution at once."""

    def __init__(self, root: str) -> None:
        super().__init__(root)
        self._syscall = ctypes.CDLL(None, use_errno=True).syscall
        os.close(self.open(()).fd)  # fails here, and not later, where the kernel has no openat2

    def open(self, parts: tuple[str, ...], flags: int = os.O_RDONLY) -> Opened:
        """See `Beneath`."""
        fd = self._openat2("/".join(parts) or ".", flags | _ALWAYS)
        try:
            return Opened(fd, self._located(fd, parts))
        except BaseException:
            os.close(fd)
            raise

    def _openat2(self, path: str, flags: int) -> int:
        how = _OpenHow(flags=flags, mode=0, resolve=_BENEATH | _NO_MAGICLINKS)
        name = os.fsencode(path)
        for _ in range(_MOST_RETRIES):
            fd = self._syscall(
                _OPENAT2, self._root, name, ctypes.byref(how), ctypes.c_size_t(ctypes.sizeof(how))
            )
            if fd >= 0:
                return fd
            code = ctypes.get_errno()
            if code not in {errno.EAGAIN, errno.EINTR}:  # EAGAIN: something was renamed meanwhile
                raise OSError(code, os.strerror(code), path)
        raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN), path)

    def _located(self, fd: int, parts: tuple[str, ...]) -> tuple[str, ...]:
        root = _place(self._root).rstrip("/")
        place = _place(fd)
        if os.fstat(fd).st_nlink == 0:
            raise OSError(errno.ENOENT, os.strerror(errno.ENOENT), "/".join(parts))
        if place != root and not place.startswith(root + "/"):
            raise _left(parts)
        return tuple(part for part in place[len(root) :].split("/") if part)


class _Walk:
    """The state of one component-wise resolution: open directories from the root to where we are."""

    def __init__(self, root: int, parts: tuple[str, ...]) -> None:
        self.pending = deque(parts)
        self.names: list[str] = []
        self.fds = [os.dup(root)]
        self._parts = parts
        self._links = 0

    def up(self) -> None:
        if not self.names:
            raise _left(self._parts)
        self.names.pop()
        os.close(self.fds.pop())

    def down(self, name: str, flags: int) -> None:
        try:
            fd = os.open(name, flags | os.O_NOFOLLOW, dir_fd=self.fds[-1])
        except OSError as problem:
            if problem.errno not in {errno.ELOOP, errno.EMLINK, errno.ENOTDIR}:
                raise
            self._splice(name, problem)
        else:
            self.fds.append(fd)
            self.names.append(name)

    def _splice(self, name: str, problem: OSError) -> None:
        try:
            target = os.readlink(name, dir_fd=self.fds[-1])
        except OSError:
            raise problem from None
        self._links += 1
        if self._links > _MOST_LINKS:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), name)
        if target.startswith("/"):
            raise _left(self._parts)
        self.pending.extendleft(reversed(target.split("/")))

    def close(self) -> None:
        for fd in self.fds:
            os.close(fd)


def _place(fd: int) -> str:
    return os.readlink(f"/proc/self/fd/{fd}")  # noqa: PTH115 - no Path on the way of every read


class PortableBeneath(_Rooted):
    """One component at a time, never following a link that was not read and checked first."""

    def open(self, parts: tuple[str, ...], flags: int = os.O_RDONLY) -> Opened:
        """See `Beneath`."""
        walk = _Walk(self._root, parts)
        try:
            while walk.pending:
                name = walk.pending.popleft()
                if name == "..":
                    walk.up()
                elif name not in {"", "."}:
                    wanted = os.O_DIRECTORY if walk.pending else flags
                    walk.down(name, wanted | _ALWAYS)
            return Opened(walk.fds.pop(), tuple(walk.names))
        finally:
            walk.close()


def open_beneath(root: str) -> Beneath:
    """Return the strongest implementation that works here."""
    if sys.platform == "linux":
        try:
            return KernelBeneath(root)
        except OSError as problem:
            if problem.errno not in {errno.ENOSYS, errno.EPERM}:
                raise
    return PortableBeneath(root)
