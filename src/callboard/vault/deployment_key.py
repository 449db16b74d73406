"""The deployment key: found in the first place that has one, made where there is none yet."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from pydantic import SecretStr

from callboard.domain.errors import ConfigurationInvalid
from callboard.vault.key_places import KEY_BYTES, EnvironmentKey, KeyFile, KeyPlace


@dataclass(frozen=True, slots=True)
class DeploymentKey:
    """A key and where it was found."""

    key: bytes = field(repr=False)
    place: str


class DeploymentKeys:
    """The places of the key, asked in order, once: then it is remembered.

    Args:
        places: the first that has a key decides; a new one goes to the first that takes it.
    """

    def __init__(self, places: Sequence[KeyPlace]) -> None:
        self._places = places
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
    return DeploymentKeys((EnvironmentKey(environment), *asked, KeyFile(home / "vault.key")))
