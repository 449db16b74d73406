"""The log's key and its last checkpoint as files in the home directory."""

import base64
import contextlib
import fcntl
import os
import stat
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from callboard.domain.errors import ConfigurationInvalid
from callboard.domain.proof.checkpoint import parse_checkpoint
from callboard.domain.proof.note import LONGEST_NOTE, FormatInvalid, exact_base64, parse_note

_SEED_BYTES: Final = 32
_READ: Final = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
_MAKE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW


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
        _write_new(place, base64.b64encode(os.urandom(_SEED_BYTES)) + b"\n", replace=False)
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
        with os.fdopen(os.open(place, _READ), "rb") as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid():
                raise ConfigurationInvalid(f"{place} is not a file of this user; put the key back")
            if stat.S_IMODE(found.st_mode) & 0o077:
                raise ConfigurationInvalid(
                    f"{place}: others may read the log's key. Run `chmod 600 {place}`; what was signed since "
                    "somebody could read it proves nothing"
                )
            return _seed(file.read(1024).decode("ascii", errors="replace"), str(place))
    except FileNotFoundError:
        return None
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
            with os.fdopen(os.open(self._path, _READ), "rb") as file:
                return file.read(LONGEST_NOTE + 1).decode(errors="replace")
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _unusable(self._path, error) from None

    def advance(self, size: int, note: str) -> None:
        """See `CheckpointPlace`."""
        lock = self._path.with_name(f"{self._path.name}.lock")
        try:
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
            with os.fdopen(os.open(lock, flags, 0o600), "rb") as held:
                fcntl.flock(held, fcntl.LOCK_EX)
                if _size(self.read()) < size:
                    _write_new(self._path, note.encode(), replace=True)
        except OSError as error:
            raise _unusable(self._path, error) from None


def _size(note: str | None) -> int:
    try:
        return -1 if note is None else parse_checkpoint(parse_note(note).text).size
    except FormatInvalid:
        return -1


def _write_new(place: Path, content: bytes, *, replace: bool) -> None:
    """Put a file there, whole or not at all; without `replace` one that is there stays."""
    new = place.with_name(f".{place.name}.{os.getpid()}.{os.urandom(4).hex()}")
    try:
        try:
            with os.fdopen(os.open(new, _MAKE, 0o600), "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            if replace:
                new.rename(place)
            else:
                with contextlib.suppress(FileExistsError):
                    os.link(new, place, follow_symlinks=False)
        finally:
            new.unlink(missing_ok=True)
        directory = os.open(place.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
    except OSError as error:
        raise _unusable(place, error) from None


def _unusable(place: Path, error: OSError) -> ConfigurationInvalid:
    return ConfigurationInvalid(
        f"{place} cannot be used: {error.strerror}; it belongs to the log of this deployment"
    )
