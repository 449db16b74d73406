"""Reading a file of the archive as somebody's who may mean ill.

Nothing is ever unpacked to a place: a member's name is only compared, and its content is read piece by piece, never more
than the file says that there is, and that within bounds.
"""

import io
import json
import stat
import struct
import zipfile
import zlib
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import IO, Final, cast

from callboard.domain.errors import ArchiveDamaged, UnknownThing
from callboard.engine.proof.lines import LineSource
from callboard.ports.archive import Member
from callboard.stores.archive.names import EXPORT, ORDER, member_of

_MOST_MEMBERS: Final = 400_000
_LARGEST_MEMBER: Final = 32 << 30
_LARGEST_ORDER: Final = 64 << 20
_MOST_EVENTS: Final = 50_000_000
_LOCAL_HEADER: Final = 30
_PIECE: Final = 1 << 16
_ENCRYPTED: Final = 1
_KINDS: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_FAILURES: Final = (
    *(zipfile.BadZipFile, zlib.error, struct.error, OSError, EOFError),
    *(ValueError, NotImplementedError, OverflowError, RuntimeError),
)


class ZipArchiveFile:
    """`callboard.ports.archive.ArchiveFile` over an open file."""

    def __init__(self, name: str, content: IO[bytes]) -> None:
        """Read what is in a file.

        Raises:
            ArchiveDamaged: it is none, or one that nobody should read.
        """
        self._name = name
        with self._reading():
            self._zip = zipfile.ZipFile(content)
        self._infos = self._checked(self._zip.infolist())
        self.members: Sequence[Member] = tuple(
            Member(run_id, info.file_size)
            for (run_id, suffix), info in self._infos.items()
            if suffix == EXPORT
        )

    @contextmanager
    def source(self, run_id: str) -> Generator[LineSource]:
        """See `ArchiveFile`."""
        with self._opened(run_id, EXPORT) as member:
            yield _Source(self, member)

    def order(self, run_id: str) -> list[str]:
        """See `ArchiveFile`."""
        with self._opened(run_id, ORDER) as member, self._reading():
            content = member.read(_LARGEST_ORDER + 1)
            if len(content) > _LARGEST_ORDER:
                raise self.damaged(f"the order of run {run_id} is longer than any order")
            found: object = json.loads(content)
        return self._spread(found, run_id)

    def read(self, member: IO[bytes], size: int) -> bytes:
        """Return the next line of a member.

        Raises:
            ArchiveDamaged: it cannot be read.
        """
        with self._reading():
            return member.readline(size)

    def damaged(self, what: str) -> ArchiveDamaged:
        """Return the error that something is wrong with this file."""
        return ArchiveDamaged(f"{self._name}: {what}")

    @contextmanager
    def _opened(self, run_id: str, suffix: str) -> Generator[IO[bytes]]:
        info = self._infos.get((run_id, suffix))
        if info is None:
            raise UnknownThing(f"{self._name} holds no run {run_id}")
        with self._reading():
            raw = self._zip.open(info)
        with raw, io.BufferedReader(cast("io.RawIOBase", raw), _PIECE) as member:
            yield member

    @contextmanager
    def _reading(self) -> Generator[None]:
        try:
            yield
        except _FAILURES as error:
            raise self.damaged(f"it cannot be read ({error})") from None

    def _checked(self, infos: Sequence[zipfile.ZipInfo]) -> dict[tuple[str, str], zipfile.ZipInfo]:
        if len(infos) > _MOST_MEMBERS:
            raise self.damaged(f"it holds more than {_MOST_MEMBERS} members")
        found: dict[tuple[str, str], zipfile.ZipInfo] = {}
        for info in infos:
            key = member_of(info.filename)
            if key is None or key in found:
                raise self.damaged(f"it holds a member of the name {info.filename[:100]!a}")
            self._check(info)
            found[key] = info
        by_place = sorted(infos, key=lambda info: info.header_offset)
        for one, next_one in pairwise(by_place):
            if one.header_offset + _LOCAL_HEADER + one.compress_size > next_one.header_offset:
                raise self.damaged(f"{one.filename} and {next_one.filename} lie over each other")
        return found

    def _check(self, info: zipfile.ZipInfo) -> None:
        mode = info.external_attr >> 16
        if stat.S_IFMT(mode) not in {0, stat.S_IFREG}:
            raise self.damaged(f"{info.filename} is no regular file")
        if info.compress_type not in _KINDS or info.flag_bits & _ENCRYPTED:
            raise self.damaged(f"{info.filename} is not packed as in the archive")
        if info.file_size > _LARGEST_MEMBER:
            raise self.damaged(f"{info.filename} would be of {info.file_size} bytes")

    def _spread(self, found: object, run_id: str) -> list[str]:
        """Return an order as a list, from pairs of a run and how many of its events follow each other."""
        wrong = self.damaged(f"the order of run {run_id} cannot be read")
        if not isinstance(found, list):
            raise wrong
        order: list[str] = []
        for pair in cast("list[object]", found):
            match pair:
                case [str(name), int(times)] if 0 < times <= _MOST_EVENTS - len(order):
                    order += [name] * times
                case _:
                    raise wrong
        return order


class _Source:
    def __init__(self, file: ZipArchiveFile, member: IO[bytes]) -> None:
        self._file = file
        self._member = member

    def readline(self, size: int = -1, /) -> bytes:
        return self._file.read(self._member, size)
