"""The deployment key: found in the first place that has one, made where there is none yet."""

import os
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from pydantic import SecretStr

from callboard.domain.errors import ConfigurationInvalid
from callboard.private_files import locked
from callboard.vault.key_places import (
    KEY_BYTES,
    EnvironmentKey,
    KeyFile,
    KeyPlace,
    ReplaceablePlace,
)


@dataclass(frozen=True, slots=True)
class DeploymentKey:
    """A key and where it was found."""

    key: bytes = field(repr=False)
    place: str


class DeploymentKeys:
    """The places of the key, asked in order, once: then it is remembered.

    Args:
        places: the first that has a key decides; a new one goes to the first that takes it.
        lock: the file that is held while something is sealed or the key is replaced; None where no other
            process has to do with these places.
    """

    def __init__(self, places: Sequence[KeyPlace], lock: Path | None = None) -> None:
        self._places = places
        self._lock_file = lock
        self._found: DeploymentKey | None = None
        self._lock = Lock()

    def find(self) -> DeploymentKey | None:
        """Return the key; None where no place has one. Blocks.

        Raises:
            ConfigurationInvalid: a place has something that cannot be used.
        """
        with self._lock:
            return self._find()

    def find_or_make(self) -> DeploymentKey:
        """Return the key, a new one where no place has one. Blocks.

        Raises:
            ConfigurationInvalid: a place has something that cannot be used, or none takes a new key.
        """
        with self._lock:
            return self._find() or self._make()

    def places(self) -> str:
        """Return the places where the key is looked for, for people."""
        return ", ".join(place.title for place in self._places)

    @contextmanager
    def held(self, *, shared: bool) -> Generator[None]:
        """Keep other processes from replacing the key; alone unless `shared`. Blocks.

        Raises:
            ConfigurationInvalid: the lock file cannot be used.
        """
        if self._lock_file is None:
            yield
            return
        lock = locked(self._lock_file, shared=shared)
        try:
            lock.__enter__()
        except OSError as error:
            raise ConfigurationInvalid(
                f"{self._lock_file} cannot be used ({error.strerror}); make its directory writable"
            ) from None
        try:
            yield
        finally:
            lock.__exit__(None, None, None)

    def forget(self) -> None:
        """Ask the places again the next time: another process may have replaced the key."""
        with self._lock:
            self._found = None

    def staged(self) -> DeploymentKey | None:
        """Return the next key, where one lies beside the present one. Blocks.

        Raises:
            ConfigurationInvalid: something is there that cannot be used.
        """
        for place in self._replaceable():
            key = place.staged()
            if key is not None:
                return DeploymentKey(key, place.title)
        return None

    def stage(self, present: DeploymentKey) -> DeploymentKey:
        """Put a next key beside the present one and return it. Blocks.

        Raises:
            ConfigurationInvalid: the place of the present key takes no other one, or cannot be written.
        """
        for place in self._replaceable():
            if place.title == present.place:
                new = DeploymentKey(os.urandom(KEY_BYTES), place.title)
                place.stage(new.key)
                return new
        files = ", ".join(place.title for place in self._replaceable())
        raise ConfigurationInvalid(
            f"the vault's key is in {present.place}, where Callboard does not replace it. Move it into the file"
            f" {files} (mode 0600) and try again"
        )

    def settle(self) -> None:
        """Put the next key in the place of the present one. Blocks.

        Raises:
            ConfigurationInvalid: it cannot be moved.
        """
        for place in self._replaceable():
            if place.staged() is not None:
                place.settle()
        self.forget()

    def discard(self) -> None:
        """Forget the next key. Blocks.

        Raises:
            ConfigurationInvalid: it cannot be removed.
        """
        for place in self._replaceable():
            place.discard()

    def _replaceable(self) -> list[ReplaceablePlace]:
        return [place for place in self._places if isinstance(place, ReplaceablePlace)]

    def _find(self) -> DeploymentKey | None:
        if self._found is None:
            for place in self._places:
                key = place.read()
                if key is not None:
                    self._found = DeploymentKey(key, place.title)
                    break
        return self._found

    def _make(self) -> DeploymentKey:
        new = os.urandom(KEY_BYTES)
        for place in self._places:
            kept = place.keep(new)
            if kept is not None:
                self._found = DeploymentKey(kept, place.title)
                return self._found
        raise ConfigurationInvalid(
            f"no place takes a new key for the vault ({self.places()}); set CALLBOARD_VAULT_KEY"
        )


def deployment_keys(
    home: Path, environment: SecretStr | None, *, keyring: KeyPlace | None
) -> DeploymentKeys:
    """Return the usual places: the environment, a keyring where it is wanted, a file in `home`."""
    asked = () if keyring is None else (keyring,)
    places = (EnvironmentKey(environment), *asked, KeyFile(home / "vault.key"))
    return DeploymentKeys(places, home / "vault.key.lock")
