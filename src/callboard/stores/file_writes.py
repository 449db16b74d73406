"""Hearing that a file is written to, where the system tells: Linux does, through inotify."""

import asyncio
import contextlib
import ctypes
import os
from pathlib import Path
from typing import Final

_MODIFIED: Final = 0x2
_FLAGS: Final = os.O_NONBLOCK | os.O_CLOEXEC
_MUCH: Final = 65_536


class FileWrites:
    """Writes to one file by any process of this machine, until `close`.

    Where the system does not tell, or has no more watches to give away, nothing is heard.
    """

    def __init__(self, path: Path) -> None:
        """Hear of writes to a file, which need not be there yet. Nothing is opened before somebody waits."""
        self._path = os.fsencode(path)
        self._libc: ctypes.CDLL | None = None
        self._watch: int | None = None
        self._closed = False

    def are_heard(self) -> bool:
        """Return whether the system tells of writes to the file as it is now."""
        return self._watching() is not None

    async def wait(self, within_s: float) -> bool:
        """Come back after the next write that nobody has heard of yet, or when the time is over; return which it was.
        Of those who wait at the same moment only the last one hears of it.
        """
        watch = self._watching()
        if watch is None:
            await asyncio.sleep(within_s)
            return False
        loop, heard = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(watch, heard.set)
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(within_s):
                    await heard.wait()
        finally:
            if not self._closed:
                loop.remove_reader(watch)
        if heard.is_set():
            self._forget()
        return heard.is_set()

    def close(self) -> None:
        """Hear of nothing more."""
        self._closed = True
        if self._watch is not None:
            with contextlib.suppress(RuntimeError):  # nobody's loop runs any more
                asyncio.get_running_loop().remove_reader(self._watch)
            os.close(self._watch)
            self._watch = None

    def _watching(self) -> int | None:
        """Return what tells of the file that is there now: it may be another one than a moment ago."""
        if self._closed:
            return None
        if self._libc is None:
            self._libc = ctypes.CDLL(None)
            with contextlib.suppress(AttributeError):
                watch = self._libc.inotify_init1(_FLAGS)
                self._watch = watch if watch >= 0 else None
        if (
            self._watch is None
            or self._libc.inotify_add_watch(self._watch, self._path, _MODIFIED) < 0
        ):
            return None
        return self._watch

    def _forget(self) -> None:
        """Let what was heard so far be the past."""
        with contextlib.suppress(OSError):
            if self._watch is not None:
                os.read(self._watch, _MUCH)
