"""The archive as a directory of this machine."""

import fcntl
import os
import stat
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from callboard.domain.errors import ArchiveDamaged, ConfigurationInvalid, UnknownThing, UserMistake
from callboard.stores.archive.names import file_names, place_of
from callboard.stores.archive.reading import ZipArchiveFile
from callboard.stores.archive.writing import NewZipFile

_READ: Final = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
_MAKE: Final = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
_LOCK: Final = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
_PART: Final = ".part"


class DirectoryArchive:
    """`callboard.ports.archive.ArchiveFolder`."""

    def __init__(self, directory: Path) -> None:
        """Mean a directory, which is made when something is put there."""
        self._directory = directory
        self.title = str(directory)

    def names(self) -> list[str]:
        """See `ArchiveFolder`."""
        with self._used():
            try:
                there = [place.name for place in self._directory.iterdir()]
            except FileNotFoundError:
                return []
        placed = ((place_of(name), name) for name in there)
        return [name for _, name in sorted((place, name) for place, name in placed if place)]

    @contextmanager
    def open(self, name: str) -> Generator[ZipArchiveFile]:
        """See `ArchiveFolder`."""
        if place_of(name) is None:
            raise UnknownThing(f"{name!r} is no name of a file of the archive, such as 2026-05.zip")
        try:
            descriptor = os.open(self._directory / name, _READ)
        except FileNotFoundError:
            raise UnknownThing(
                f"{self._directory} holds no file {name}; `callboard archive list` shows those that should be there, and"
                " CALLBOARD_ARCHIVE says where to look for them"
            ) from None
        except OSError as error:
            raise ArchiveDamaged(f"{self._directory / name}: {error.strerror}") from None
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise ArchiveDamaged(f"{self._directory / name} is no regular file")
        with os.fdopen(descriptor, "rb") as content:
            yield ZipArchiveFile(name, content)

    @contextmanager
    def begin(self, month: str) -> Generator[NewZipFile]:
        """See `ArchiveFolder`."""
        part = self._directory / f".{month}.{os.urandom(6).hex()}{_PART}"
        with self._used():
            self._make()
            with os.fdopen(os.open(part, _MAKE, 0o600), "w+b") as content:
                new = NewZipFile(content, str(self._directory), lambda: self._publish(part, month))
                try:
                    yield new
                finally:
                    new.abandon()
                    part.unlink(missing_ok=True)

    @contextmanager
    def alone(self) -> Generator[None]:
        """See `ArchiveFolder`."""
        with self._used():
            self._make()
            with self._locked():
                for part in self._directory.glob(f".*{_PART}"):
                    part.unlink(missing_ok=True)
                yield

    @contextmanager
    def _locked(self) -> Generator[None]:
        """Hold the lock of the folder; the kernel frees it with the process."""
        descriptor = os.open(self._directory / ".lock", _LOCK, 0o600)
        with os.fdopen(descriptor, "rb") as held:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise UserMistake(
                    f"another process is putting runs into {self._directory}; try again when it has ended"
                ) from None
            yield

    def _publish(self, part: Path, month: str) -> str:
        """Give a file the first name of its month that is free, durably."""
        for name in file_names(month):
            with suppress(FileExistsError):
                os.link(part, self._directory / name, follow_symlinks=False)
                self._settle()
                return name
        raise AssertionError("names do not run out")

    def _make(self) -> None:
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)

    def _settle(self) -> None:
        opened = os.open(self._directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)

    @contextmanager
    def _used(self) -> Generator[None]:
        try:
            yield
        except OSError as error:
            raise ConfigurationInvalid(
                f"the archive in {self._directory} cannot be used: {error.strerror or error}; set CALLBOARD_ARCHIVE to a "
                "directory that you may write"
            ) from error
