"""Listing a workspace without ever following a link."""

import os
import stat
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from callboard.sandbox.files.beneath import Beneath
from callboard.sandbox.files.ignores import Ignores, Scope
from callboard.sandbox.files.naming import is_git_control


@dataclass(frozen=True, slots=True)
class Found:
    """A regular file or a symbolic link, with its status at the time it was seen."""

    parts: tuple[str, ...]
    status: os.stat_result


def walk(beneath: Beneath, ignores: Ignores) -> Iterator[Found]:
    """Yield what git does not ignore, breadth first, names sorted within a directory.

    Directories that vanish or cannot be opened meanwhile are passed over.
    """
    pending = deque([ignores.top()])
    while pending:
        scope = pending.popleft()
        for name, status in _entries(beneath, scope):
            directory = stat.S_ISDIR(status.st_mode)
            if is_git_control(name) or scope.ignores(name, directory=directory):
                continue
            if directory:
                pending.append(ignores.enter(scope, name))
            elif stat.S_ISREG(status.st_mode) or stat.S_ISLNK(status.st_mode):
                yield Found((*scope.parts, name), status)


def _entries(beneath: Beneath, scope: Scope) -> list[tuple[str, os.stat_result]]:
    try:
        opened = beneath.open(scope.parts, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return []
    entries: list[tuple[str, os.stat_result]] = []
    try:
        with os.scandir(opened.fd) as listing:
            for entry in listing:
                with suppress(OSError):
                    entries.append((entry.name, entry.stat(follow_symlinks=False)))
    finally:
        os.close(opened.fd)
    return sorted(entries, key=lambda entry: entry[0])
