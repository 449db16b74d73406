"""Places of the deployment key: the environment and a file; for the keyring see `keyring_place`."""

import base64
import binascii
from contextlib import suppress
from pathlib import Path
from typing import Final, Protocol, runtime_checkable

from pydantic import SecretStr

from callboard.domain.errors import ConfigurationInvalid
from callboard.private_files import NotPrivate, move_private, read_private, write_private

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


@runtime_checkable
class ReplaceablePlace(KeyPlace, Protocol):
    """A place where a key can take the place of another one, in two steps: both are there in between."""

    def stage(self, key: bytes) -> None:
        """Put the next key beside the present one. Blocks.

        Raises:
            ConfigurationInvalid: it cannot be written.
        """
        ...

    def staged(self) -> bytes | None:
        """Return the next key, where one is there. Blocks.

        Raises:
            ConfigurationInvalid: something is there that cannot be used; says what to do.
        """
        ...

    def settle(self) -> None:
        """Put the next key in the place of the present one, at once. Blocks.

        Raises:
            ConfigurationInvalid: it cannot be moved.
        """
        ...

    def discard(self) -> None:
        """Forget the next key. Blocks.

        Raises:
            ConfigurationInvalid: it cannot be removed.
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
    """The key in a file that its owner alone can read; the next one stays beside it until it is settled."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._next = path.with_name(f"{path.name}.next")
        self.title = str(path)

    def read(self) -> bytes | None:
        """See `KeyPlace`."""
        return _read(self._path)

    def keep(self, key: bytes) -> bytes | None:
        """See `KeyPlace`. It never takes the place of another one."""
        self._write(self._path, key, replace=False)
        return self.read()

    def stage(self, key: bytes) -> None:
        """See `ReplaceablePlace`. What a process left that died while it wrote such a key goes away."""
        with suppress(OSError):
            for left in self._next.parent.glob(f".{self._next.name}.*"):
                left.unlink(missing_ok=True)
        self._write(self._next, key, replace=True)

    def staged(self) -> bytes | None:
        """See `ReplaceablePlace`."""
        return _read(self._next)

    def settle(self) -> None:
        """See `ReplaceablePlace`."""
        try:
            move_private(self._next, self._path)
        except OSError as error:
            raise _refusal(self._path, f"cannot be replaced ({error.strerror})") from None

    def discard(self) -> None:
        """See `ReplaceablePlace`."""
        try:
            self._next.unlink(missing_ok=True)
        except OSError as error:
            raise _refusal(self._next, f"cannot be removed ({error.strerror})") from None

    def _write(self, path: Path, key: bytes, *, replace: bool) -> None:
        try:
            write_private(path, base64.b64encode(key) + b"\n", replace=replace)
        except OSError as error:
            raise _refusal(path, f"cannot be written ({error.strerror})") from None


def _read(path: Path) -> bytes | None:
    try:
        content = read_private(path, most=1024)
    except NotPrivate as refused:
        if refused.mode is None:
            raise _refusal(path, refused.what) from None
        raise ConfigurationInvalid(
            f"{path}: others may read the vault's key (mode {refused.mode:04o}). Run `chmod 600 {path}`"
            " and `callboard credentials rekey`, and replace the stored keys if somebody may have read it"
        ) from None
    except OSError as error:
        raise _refusal(path, f"cannot be opened ({error.strerror})") from None
    if content is None:
        return None
    key = decoded(content.decode("ascii", errors="replace"))
    if key is None:
        raise _refusal(path, "holds no key")
    return key


def _refusal(path: Path, what: str) -> ConfigurationInvalid:
    return ConfigurationInvalid(
        f"{path}: the vault's key {what}. Put the file back as it was, or set CALLBOARD_VAULT_KEY"
    )


def decoded(text: str) -> bytes | None:
    """Return the key that a text holds in base64, of either alphabet; None where it holds none."""
    plain = text.strip().replace("-", "+").replace("_", "/")
    try:
        key = base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None
    return key if len(key) == KEY_BYTES else None
