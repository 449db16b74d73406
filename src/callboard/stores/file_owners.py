"""Who is alive on this machine: one locked file a process.

The kernel drops a lock when its process dies, however it dies, so a run of a dead process is free at
once and no clock is involved.
"""

import fcntl
import os
import re
import secrets
from pathlib import Path
from typing import Final

from callboard.domain.errors import ConfigurationInvalid

_NAME: Final = re.compile(r"[0-9a-f]{32}")
_CREATE: Final = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_OPEN: Final = os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class FileOwners:
    """`callboard.stores.relational.owners.Owners` on one machine, until `retire`."""

    def __init__(self, directory: Path) -> None:
        """Take a fresh name and lock its file.

        Raises:
            ConfigurationInvalid: the directory cannot be used.
        """
        self._directory = directory
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.name, self._lock = self._take()
            self._sweep()
        except OSError as error:
            raise ConfigurationInvalid(
                f"{directory} cannot be used ({error.strerror}); "
                "make it writable or set CALLBOARD_HOME to another directory"
            ) from error

    def is_alive(self, session: object, name: str) -> bool:
        """Return whether the process that owns under this name still runs."""
        del session  # the file system knows
        return self.is_locked(name)

    def is_locked(self, name: str) -> bool:
        """Return whether a living process of this machine holds the file of this name."""
        if name == self.name:
            return True
        if not _NAME.fullmatch(name):
            return False
        try:
            lock = os.open(self._path(name), _OPEN)
        except PermissionError:
            return True  # another user's: it cannot be told, so it is not taken away
        except OSError:
            return False
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._path(name).unlink(missing_ok=True)
        except OSError:
            return True
        finally:
            os.close(lock)
        return False

    def retire(self) -> None:
        """Give up the name: whatever it still owns is free."""
        self._path(self.name).unlink(missing_ok=True)
        os.close(self._lock)

    def _take(self) -> tuple[str, int]:
        while True:
            name = secrets.token_hex(16)
            lock = os.open(self._path(name), _CREATE, 0o600)
            fcntl.flock(lock, fcntl.LOCK_EX)
            # Another process may have taken the file for a dead owner's before it was locked.
            if os.fstat(lock).st_nlink:
                return name, lock
            os.close(lock)

    def _sweep(self) -> None:
        for entry in self._directory.glob("*.lock"):
            self.is_locked(entry.stem)

    def _path(self, name: str) -> Path:
        return self._directory / f"{name}.lock"
