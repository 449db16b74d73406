"""Places of the deployment key: the environment and a file; for the keyring see `keyring_place`."""

import base64
import binascii
import contextlib
import os
import stat
from pathlib import Path
from typing import Final, Protocol

from pydantic import SecretStr

from callboard.domain.errors import ConfigurationInvalid

KEY_BYTES: Final = 32
_MAKE_ONE: Final = "make one with `openssl rand -base64 32`"


class KeyPlace(Protocol):
    """One place where the deployment key may be."""

    @property
    def title(self) -> str:
        """What messages call it."""
        ...

    def read(self) -> bytes | None:
        """Return the key that is there. Blocks.

        Raises:
            ConfigurationInvalid: something is there that cannot be used; says what to do.
        """
        ...

    def keep(self, key: bytes) -> bytes | None:
        """Put a new key there and return the one that is there then: another process may have been faster.
        None where this place takes none. Blocks.

        Raises:
            ConfigurationInvalid: it cannot be written.
        """
        ...


class EnvironmentKey:
    """The key in `CALLBOARD_VAULT_KEY`."""

    title = "CALLBOARD_VAULT_KEY"

    def __init__(self, value: SecretStr | None) -> None:
        self._value = value

    def read(self) -> bytes | None:
        """See `KeyPlace`."""
        if self._value is None:
            return None
        key = decoded(self._value.get_secret_value())
        if key is None:
            raise ConfigurationInvalid(
                f"{self.title} must be {KEY_BYTES} bytes in base64; {_MAKE_ONE}"
            )
        return key

    def keep(self, key: bytes) -> bytes | None:
        """Take none: nobody's environment can be written."""
        del key


class KeyFile:
    """The key in a file that its owner alone can read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.title = str(path)

    def read(self) -> bytes | None:
        """See `KeyPlace`."""
        flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        try:
            descriptor = os.open(self._path, flags)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._refusal(f"cannot be opened ({error.strerror})") from None
        with os.fdopen(descriptor, "rb") as file:
            self._check(os.fstat(descriptor))
            key = decoded(file.read(1024).decode("ascii", errors="replace"))
        if key is None:
            raise self._refusal("holds no key")
        return key

    def keep(self, key: bytes) -> bytes | None:
        """See `KeyPlace`. The file appears whole or not at all, and never in the place of another one."""
        new = self._path.with_name(f".{self._path.name}.{os.getpid()}.{os.urandom(4).hex()}")
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
        try:
            try:
                with os.fdopen(os.open(new, flags, 0o600), "wb") as file:
                    file.write(base64.b64encode(key) + b"\n")
                    file.flush()
                    os.fsync(file.fileno())
                with contextlib.suppress(FileExistsError):
                    os.link(new, self._path, follow_symlinks=False)
            finally:
                new.unlink(missing_ok=True)
            self._settle()
        except OSError as error:
            raise self._refusal(f"cannot be written ({error.strerror})") from None
        return self.read()

    def _settle(self) -> None:
        """Make the name durable: what is sealed with the key must not outlive it."""
        directory = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)

    def _check(self, found: os.stat_result) -> None:
        if not stat.S_ISREG(found.st_mode):
            raise self._refusal("is not a regular file")
        if found.st_uid != os.geteuid():
            raise self._refusal("belongs to somebody else")
        if stat.S_IMODE(found.st_mode) & 0o077:
            raise ConfigurationInvalid(
                f"{self._path}: others may read the vault's key (mode {stat.S_IMODE(found.st_mode):04o}). Run"
                f" `chmod 600 {self._path}`, and replace the stored keys if somebody may have read it"
            )

    def _refusal(self, what: str) -> ConfigurationInvalid:
        return ConfigurationInvalid(
            f"{self._path}: the vault's key {what}. Put the file back as it was, or set CALLBOARD_VAULT_KEY"
        )


def decoded(text: str) -> bytes | None:
    """Return the key that a text holds in base64, of either alphabet; None where it holds none."""
    plain = text.strip().replace("-", "+").replace("_", "/")
    try:
        key = base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None
    return key if len(key) == KEY_BYTES else None
