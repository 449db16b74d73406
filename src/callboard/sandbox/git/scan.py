"""From the files as they are to a listing, reading only what changed since the last time."""

import json
import os
import stat
import time
from contextlib import suppress
from pathlib import Path

from callboard.sandbox.files.beneath import Beneath
from callboard.sandbox.files.ignores import Ignores
from callboard.sandbox.files.naming import is_git_control, is_secret
from callboard.sandbox.files.walk import walk
from callboard.sandbox.git.trees import (
    EXECUTABLE,
    LINK,
    REGULAR,
    SUBMODULE,
    Entry,
    Listing,
    ObjectWriter,
)

_SETTLED_NS = 50_000_000
_CHUNK = 1 << 20
_Stamp = tuple[int, int, int, int, int]


class Stamps:
    """Remembers which object a file is, as long as its status is the same.

    A file that changed a moment ago may change again within one tick of the clock: it is read again.
    """

    def __init__(self, place: Path) -> None:
        self._place = place
        self._known: dict[str, tuple[_Stamp, str]] = {}
        self._dirty = False
        with suppress(OSError, ValueError, TypeError, AttributeError):
            saved: dict[str, list[int | str]] = json.loads(place.read_text())
            for path, (*stamp, name) in saved.items():
                numbers = [int(number) for number in stamp]
                self._known[path] = ((*numbers[:4], numbers[4]), str(name))  # pyright: ignore[reportArgumentType] - five numbers

    def get(self, path: str, status: os.stat_result) -> str | None:
        """Return the object's id, if the file is unchanged."""
        known = self._known.get(path)
        return known[1] if known and known[0] == _stamp(status) else None

    def put(self, path: str, status: os.stat_result, name: str) -> None:
        """Remember a file that was just read."""
        if time.time_ns() - max(status.st_mtime_ns, status.st_ctime_ns) > _SETTLED_NS:
            self._known[path] = (_stamp(status), name)
            self._dirty = True

    def save(self) -> None:
        """Keep what is known for the next process."""
        if self._dirty:
            self._dirty = False
            partial = self._place.with_suffix(f".{os.getpid()}")
            content = {path: [*stamp, name] for path, (stamp, name) in self._known.items()}
            partial.write_text(json.dumps(content))
            partial.rename(self._place)


def _stamp(status: os.stat_result) -> _Stamp:
    return (
        status.st_ino,
        status.st_size,
        status.st_mtime_ns,
        status.st_ctime_ns,
        status.st_mode,
    )


class Scanner:
    """Reads the files of one workspace."""

    def __init__(self, beneath: Beneath, ignores: Ignores, stamps: Stamps) -> None:
        self._beneath = beneath
        self._ignores = ignores
        self._stamps = stamps

    def scan(self, tracked: Listing, objects: ObjectWriter) -> dict[str, Entry]:
        """Return what is there: all that git does not ignore and that is no environment file, and of
        `tracked` also what is.
        """
        listing: dict[str, Entry] = {}
        for found in walk(self._beneath, self._ignores):
            # Copies of secrets would stay in the home when the file is long gone.
            if not any(map(is_secret, found.parts)):
                self._add(listing, "/".join(found.parts), found.status, objects)
        above = {path.rpartition("/")[0] for path in listing}
        for path, entry in tracked.items():
            if path not in listing:
                self._add_tracked(listing, path, entry, above, objects)
        self._stamps.save()
        return dict(sorted(listing.items()))

    def _add_tracked(
        self,
        listing: dict[str, Entry],
        path: str,
        entry: Entry,
        above: set[str],
        objects: ObjectWriter,
    ) -> None:
        parts = tuple(path.split("/"))
        if any(map(is_git_control, parts)):
            return
        status = self._status(parts)
        if status is None:
            return
        if entry.mode == SUBMODULE:
            if stat.S_ISDIR(status.st_mode) and path not in above:
                listing[path] = entry
        elif stat.S_ISREG(status.st_mode) or stat.S_ISLNK(status.st_mode):
            self._add(listing, path, status, objects)

    def _status(self, parts: tuple[str, ...]) -> os.stat_result | None:
        try:
            above = self._beneath.open(parts[:-1], os.O_RDONLY | os.O_DIRECTORY)
        except OSError:
            return None
        try:
            if above.parts != parts[:-1]:  # reached through a link: the link is what is recorded
                return None
            return os.stat(parts[-1], dir_fd=above.fd, follow_symlinks=False)
        except OSError:
            return None
        finally:
            os.close(above.fd)

    def _add(
        self, listing: dict[str, Entry], path: str, status: os.stat_result, objects: ObjectWriter
    ) -> None:
        name = self._stamps.get(path, status)
        if name is None:
            try:
                content, status = self._content(tuple(path.split("/")), status)
            except OSError:
                return  # gone, or not ours to read
            name = objects.write("blob", content)
            self._stamps.put(path, status, name)
        listing[path] = Entry(_mode(status), name)

    def _content(
        self, parts: tuple[str, ...], status: os.stat_result
    ) -> tuple[bytes, os.stat_result]:
        if stat.S_ISLNK(status.st_mode):
            above = self._beneath.open(parts[:-1], os.O_RDONLY | os.O_DIRECTORY)
            try:
                return os.fsencode(os.readlink(parts[-1], dir_fd=above.fd)), status
            finally:
                os.close(above.fd)
        opened = self._beneath.open(parts, os.O_RDONLY | os.O_NOFOLLOW)
        with os.fdopen(opened.fd, "rb") as file:
            present = os.fstat(file.fileno())
            if not stat.S_ISREG(present.st_mode):
                raise FileNotFoundError(parts)
            return file.read(), present


def _mode(status: os.stat_result) -> str:
    if stat.S_ISLNK(status.st_mode):
        return LINK
    return EXECUTABLE if status.st_mode & stat.S_IXUSR else REGULAR
