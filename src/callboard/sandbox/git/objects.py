"""Storing git objects byte for byte: no filter, no line end conversion, no process."""

import os
import secrets
import zlib
from collections.abc import Container
from contextlib import suppress
from pathlib import Path

from callboard.sandbox.git.trees import object_id

_FASTEST = 1


class LooseObjects:
    """Writes loose objects into one repository.

    Args:
        directory: the repository's `objects` directory.
        algorithm: its object format, `sha1` or `sha256`.
        known: ids that need not be written again.
    """

    def __init__(self, directory: Path, algorithm: str, known: Container[str] = ()) -> None:
        self._directory = directory
        self._algorithm = algorithm
        self._known = known

    def write(self, kind: str, content: bytes) -> str:
        """Store an object and return its id."""
        name, raw = object_id(kind, content, self._algorithm)
        place = self._directory / name[:2] / name[2:]
        if name not in self._known and not place.exists():
            self._store(place, zlib.compress(raw, _FASTEST))
        return name

    def _store(self, place: Path, packed: bytes) -> None:
        place.parent.mkdir(exist_ok=True)
        temporary = place.with_name(f"tmp_obj_{secrets.token_hex(8)}")
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o444)
        try:
            with os.fdopen(fd, "wb") as file:
                file.write(packed)
            temporary.rename(place)
        except BaseException:
            with suppress(OSError):
                temporary.unlink()
            raise
