"""Writing a file of the archive: beside where it will be, and into its place when all of it is durable."""

import json
import os
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timezone
from itertools import groupby
from typing import IO, Final

from callboard.ports.archive import Sink
from callboard.stores.archive.names import EXPORT, ORDER

_PIECE: Final = 1 << 20
_IN_MEMORY: Final = 8 << 20
_OWNER_ONLY: Final = 0o100600
_EARLIEST: Final = 1980
"""A year; the format knows none before."""


class NewZipFile:
    """`callboard.ports.archive.NewArchiveFile` over an open file."""

    def __init__(self, content: IO[bytes], directory: str, publish: Callable[[], str]) -> None:
        """Write into `content`; what `publish` does gives it its name. What has to be set aside meanwhile, is so in
        `directory`.
        """
        self._content = content
        self._directory = directory
        self._publish = publish
        self._zip = zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, compresslevel=6)

    @contextmanager
    def add(self, run_id: str, ended_at: datetime) -> Generator[Sink]:
        """See `NewArchiveFile`."""
        # Set aside first: what was begun in the file itself could not be taken back.
        with tempfile.SpooledTemporaryFile(_IN_MEMORY, dir=self._directory) as aside:
            yield aside
            aside.seek(0)
            info = _info(f"{run_id}{EXPORT}", ended_at)
            with self._zip.open(info, "w", force_zip64=True) as member:
                shutil.copyfileobj(aside, member, _PIECE)

    def add_order(self, run_id: str, order: Sequence[str]) -> None:
        """See `NewArchiveFile`."""
        pairs = [[name, sum(1 for _ in same)] for name, same in groupby(order)]
        content = json.dumps(pairs, separators=(",", ":"))
        self._zip.writestr(_info(f"{run_id}{ORDER}"), content.encode())

    def abandon(self) -> None:
        """Let go of a file that will not be finished, or is."""
        with suppress(ValueError, OSError):
            self._zip.close()

    def finish(self) -> str:
        """See `NewArchiveFile`."""
        self._zip.close()
        self._content.flush()
        os.fsync(self._content.fileno())
        return self._publish()


def _info(name: str, at: datetime | None = None) -> zipfile.ZipInfo:
    """Return how a member is described: packed, and readable by nobody else should somebody unpack it."""
    moment = (at or datetime(_EARLIEST, 1, 1, tzinfo=timezone.utc)).astimezone(timezone.utc)
    day = (max(moment.year, _EARLIEST), moment.month, moment.day)
    info = zipfile.ZipInfo(name, (*day, moment.hour, moment.minute, moment.second))
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = _OWNER_ONLY << 16
    return info
