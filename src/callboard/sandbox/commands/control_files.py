"""Git's hooks and configuration in a workspace: whether commands changed them, and putting them back.

Read-only mounts, where there are any, hold for files that are there when a jail starts, until somebody outside
replaces them. So what could make somebody's later `git` run code is remembered before a command, and compared
after it, whatever the confinement. Comparing is done here, by what the file system says of each file; reading
and restoring is the server's business, inside.
"""

import asyncio
import os
import stat
import time
from collections.abc import Awaitable, Callable

from callboard.domain.errors import SandboxUnavailable
from callboard.sandbox.commands.jail import Jail
from callboard.sandbox.commands.launcher.guard import CONTROL

_MODULES = "modules"
_MOST_ENTRIES = 4096
_NEVER_RUN = ".sample"  # examples that git lays into each hooks directory; under another name, they are noticed
_SETTLED_NS = 1_000_000_000  # a later change could carry the same time as an earlier one

Signature = tuple[tuple[str, int, int, int, int], ...]


class ControlFiles:
    """The control files of one workspace, over all commands in it.

    They are remembered when nothing runs. What changes while something runs was changed by a command.
    """

    def __init__(self, root: str, jail: Callable[[], Awaitable[Jail]]) -> None:
        self._git = os.path.join(root, ".git")  # noqa: PTH118 - signatures are taken often
        self._jail = jail
        self._running = 0
        self._kept: bytes | None = None
        self._seen: Signature | None = None
        self._lock = asyncio.Lock()

    async def begin(self) -> None:
        """Remember how the files are, before a command."""
        async with self._lock:
            if not self._running:
                seen = signature(self._git)
                if self._kept is None or seen is None or seen != self._seen:
                    self._kept = await (await self._jail()).keep()
                    self._seen = seen
            self._running += 1

    def end_unchanged(self) -> bool:
        """Do what `end` does where it is certain at once that nothing changed; return whether it is."""
        if self._lock.locked() or not self._seen or signature(self._git) != self._seen:
            return False
        self._running -= 1
        return True

    async def end(self) -> str:
        """Undo what changed, after a command; return the names of what had, or nothing.

        Raises:
            SandboxUnavailable: it could not be done.
        """
        async with self._lock:
            self._running -= 1
            if self._kept is None or (self._seen and signature(self._git) == self._seen):
                return ""
            try:
                return await (await self._jail()).undo(self._kept)
            except SandboxUnavailable:
                return await (await self._jail()).undo(self._kept)  # another, if that one has ended


def signature(git: str) -> Signature | None:
    """Return what tells two states of the control files apart, or None where it cannot be told."""
    try:
        found = _entries(git)
    except OSError:
        return None
    latest = max((entry[4] for entry in found), default=0)
    return None if latest > time.time_ns() - _SETTLED_NS else found


def _entries(git: str) -> Signature:
    try:
        status = os.lstat(git)
    except FileNotFoundError:
        return ()
    if not stat.S_ISDIR(status.st_mode):
        return (_entry("", status),)
    found = [("", status.st_mode, status.st_ino, 0, 0)]  # its times change with every commit
    pending = [(name, f"{git}/{name}") for name in (*CONTROL, _MODULES)]
    while pending:
        if len(found) + len(pending) > _MOST_ENTRIES:
            raise OSError
        name, path = pending.pop()
        try:
            status = os.lstat(path)
        except FileNotFoundError:
            continue
        found.append(_entry(name, status))
        if stat.S_ISDIR(status.st_mode):
            pending += [
                (f"{name}/{child}", f"{path}/{child}")
                for child in os.listdir(path)  # noqa: PTH208 - twice as fast
                if not child.endswith(_NEVER_RUN)
            ]
    return tuple(found)


def _entry(name: str, status: os.stat_result) -> tuple[str, int, int, int, int]:
    return (name, status.st_mode, status.st_ino, status.st_size, status.st_ctime_ns)
