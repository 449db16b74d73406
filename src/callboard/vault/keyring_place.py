"""The deployment key in the keyring of the operating system, where there is one that asks nobody."""

import base64
from collections.abc import Callable
from contextlib import closing
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Final, Protocol, TypeVar, cast

from callboard.vault.key_places import decoded

T = TypeVar("T")

_SERVICE: Final = "callboard"
_ACCOUNT: Final = "vault-key"
_PATIENCE_S: Final = 5.0
_QUIET: Final = ("keyring.backends.macOS", "keyring.backends.SecretService")
"""Back ends that answer without a dialogue once they are unlocked, as they are for whoever is logged in."""


class Keyring(Protocol):
    """What we need of a back end of the library `keyring`."""

    def get_password(self, service: str, username: str) -> str | None:
        """Return an entry."""
        ...

    def set_password(self, service: str, username: str, password: str) -> None:
        """Write an entry."""
        ...


class KeyringKey:
    """See `callboard.vault.key_places.KeyPlace`. A keyring that is not there, is locked, fails or does not
    answer counts as one that holds nothing: then the next place is asked.

    Args:
        find: returns the keyring, None where none can be used without asking somebody.
        patience_s: how long each access may take, in seconds.
    """

    title = "the keyring of the operating system"

    def __init__(
        self, find: Callable[[], Keyring | None], *, patience_s: float = _PATIENCE_S
    ) -> None:
        self._find = find
        self._patience_s = patience_s

    def read(self) -> bytes | None:
        """See `KeyPlace`."""
        return _bounded(self._read, self._patience_s)

    def keep(self, key: bytes) -> bytes | None:
        """See `KeyPlace`."""
        return _bounded(lambda: self._keep(key), self._patience_s)

    def _read(self) -> bytes | None:
        keyring = self._find()
        text = None if keyring is None else keyring.get_password(_SERVICE, _ACCOUNT)
        return None if text is None else decoded(text)

    def _keep(self, key: bytes) -> bytes | None:
        keyring = self._find()
        if keyring is None:
            return None
        keyring.set_password(_SERVICE, _ACCOUNT, base64.b64encode(key).decode())
        return self._read()


def system_keyring() -> Keyring | None:
    """Return the keyring of this session; None where there is none, or where it would open a dialogue."""
    try:
        from keyring import get_keyring  # noqa: PLC0415 - it takes a third of a second
        from keyring.backends import chainer  # noqa: PLC0415
    except ImportError:  # it is an extra
        return None
    found = get_keyring()
    each = found.backends if isinstance(found, chainer.ChainerBackend) else [found]
    quiet = [cast("Keyring", one) for one in each if type(one).__module__ in _QUIET]
    return quiet[0] if quiet and not _is_locked(quiet[0]) else None


def _is_locked(keyring: Keyring) -> bool:
    if not type(keyring).__module__.endswith(".SecretService"):
        return False
    import secretstorage  # noqa: PLC0415 - it is there where this back end is

    with closing(secretstorage.dbus_init()) as connection:
        # The collection itself, not the library's default one: that would be made, after asking, or unlocked.
        return secretstorage.Collection(connection).is_locked()


def _bounded(work: Callable[[], T | None], seconds: float) -> T | None:
    """Return what the work returns, None where it fails or takes too long: then its thread is left behind."""
    answers: SimpleQueue[T | None] = SimpleQueue()

    def attempt() -> None:
        try:
            answers.put(work())
        except Exception:  # noqa: BLE001 - back ends raise whatever their libraries do
            answers.put(None)

    Thread(target=attempt, name="callboard-keyring", daemon=True).start()
    try:
        return answers.get(timeout=seconds)
    except Empty:
        return None
