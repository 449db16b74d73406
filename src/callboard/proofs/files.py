"""The log's key and its last checkpoint as files in the home directory."""

import base64
import os
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from callboard.domain.errors import ConfigurationInvalid
from callboard.domain.proof.checkpoint import parse_checkpoint
from callboard.domain.proof.note import LONGEST_NOTE, FormatInvalid, exact_base64, parse_note
from callboard.private_files import NotPrivate, locked, read_file, read_private, write_private

_SEED_BYTES: Final = 32


def log_seed(home: Path, environment: SecretStr | None) -> bytes:
    """Return the seed of the log's key: the environment's, else that of `log.key`, made where there is none.
    Blocks.

    Raises:
        ConfigurationInvalid: it cannot be used, read or made; names the place.
    """
    if environment is not None:
        return _seed(environment.get_secret_value(), "CALLBOARD_LOG_KEY")
    place = home / "log.key"
    found = _read_key(place)
    if found is None:
        _make_key(place)
        found = _read_key(place)
    if found is None:
        raise ConfigurationInvalid(f"{place}: the log's key is gone as soon as it was written")
    return found


def _seed(text: str, place: str) -> bytes:
    try:
        found = exact_base64(text.strip())
    except FormatInvalid:
        found = b""
    if len(found) != _SEED_BYTES:
        raise ConfigurationInvalid(
            f"{place} must be {_SEED_BYTES} bytes in base64; make a key with `openssl rand -base64 32`"
        )
    return found


def _read_key(place: Path) -> bytes | None:
    try:
        found = read_private(place, most=1024)
    except NotPrivate as refusal:
        if refusal.mode is None:
            raise ConfigurationInvalid(f"{place} {refusal.what}; put the log's key back") from None
        raise ConfigurationInvalid(
            f"{place}: others may read the log's key. Run `chmod 600 {place}`; what was signed since "
            "somebody could read it proves nothing"
        ) from None
    except OSError as error:
        raise _unusable(place, error) from None
    return None if found is None else _seed(found.decode("ascii", errors="replace"), str(place))


def _make_key(place: Path) -> None:
    try:
        write_private(place, base64.b64encode(os.urandom(_SEED_BYTES)) + b"\n", replace=False)
    except OSError as error:
        raise _unusable(place, error) from None


class CheckpointFile:
    """`callboard.ports.anchors.CheckpointPlace` as one file, replaced at once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.title = str(path)

    def read(self) -> str | None:
        """See `CheckpointPlace`."""
        try:
            found = read_file(self._path, most=LONGEST_NOTE + 1)
        except OSError as error:
            raise _unusable(self._path, error) from None
        return None if found is None else found.decode(errors="replace")

    def advance(self, size: int, note: str) -> None:
        """See `CheckpointPlace`."""
        try:
            with locked(self._path.with_name(f"{self._path.name}.lock")):
                if _size(self.read()) < size:
                    write_private(self._path, note.encode(), replace=True)
        except OSError as error:
            raise _unusable(self._path, error) from None


def _size(note: str | None) -> int:
    try:
        return -1 if note is None else parse_checkpoint(parse_note(note).text).size
    except FormatInvalid:
        return -1


def _unusable(place: Path, error: OSError) -> ConfigurationInvalid:
    return ConfigurationInvalid(
        f"{place} cannot be used: {error.strerror}; it belongs to the log of this deployment"
    )
