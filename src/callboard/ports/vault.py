"""Secrets: what keeps their values, and the table of what is sealed.

A value goes in once and comes out only to be used: nothing lists, shows or exports it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from pydantic import SecretStr

from callboard.domain.actor import Actor
from callboard.domain.credential import Credential, Scope


@dataclass(frozen=True, slots=True)
class Grant:
    """What a credential is to be, without its value."""

    name: str
    scope: Scope
    provider: str
    base_url: str | None = None


@dataclass(frozen=True, slots=True)
class Rekeyed:
    """What came of a new deployment key: how many credentials are sealed with it now, its id, which tells
    nothing about it, and the place that holds it.
    """

    credentials: int
    key_id: str
    place: str


class Vault(Protocol):
    """All credentials of this deployment."""

    async def set(self, grant: Grant, secret: SecretStr, actor: Actor) -> Credential:
        """Store a value: the first version of a new credential, else the next one of the one that is there,
        which then is for the grant's provider and address. The value before is gone.

        Raises:
            ConfigurationInvalid: the deployment key cannot be used.
        """
        ...

    async def rotate(self, name: str, scope: Scope, secret: SecretStr, actor: Actor) -> Credential:
        """Store the next version of a credential that is there.

        Raises:
            UnknownThing: there is none of this name and scope.
            ConfigurationInvalid: the deployment key cannot be used.
        """
        ...

    async def list(self) -> Sequence[Credential]:
        """Return what is known about all credentials, sorted by name and scope."""
        ...

    async def remove(self, name: str, scope: Scope) -> bool:
        """Forget a credential; return whether there was one."""
        ...

    async def secret_for(self, credential: Credential) -> SecretStr:
        """Return the value of a version, to be used, and record that it was.

        Raises:
            ConfigurationInvalid: it is gone or has changed meanwhile, was altered, or was sealed with
                another deployment key; names the credential.
        """
        ...

    async def known_secrets(self) -> Sequence[SecretStr]:
        """Return all values that open here, to keep them out of something; that is no use of them.

        Those that do not open are left out: nobody can look for them.

        Raises:
            ConfigurationInvalid: the place of the deployment key has something that cannot be used.
        """
        ...

    async def rekey(self) -> Rekeyed:
        """Make a new deployment key and seal everything with it, all or nothing; the one before opens nothing
        any more. A process that dies meanwhile leaves what opens: with the old key or with the new one.

        Raises:
            ConfigurationInvalid: there is no key yet, its place takes no other one, or a credential does not
                open with it; says which.
        """
        ...


@dataclass(frozen=True, slots=True)
class SealedCredential:
    """A credential as it is stored: facts, and ciphertext that only the deployment key opens."""

    credential: Credential
    wrapped_key: bytes
    ciphertext: bytes


class SealedCredentials(Protocol):
    """The table of sealed credentials."""

    async def put(self, sealed: SealedCredential, *, replacing: int | None) -> bool:
        """Store a version in the place of version `replacing` (None: of nothing); return whether that was
        the one that was there. Of two that come at the same time one wins.
        """
        ...

    async def find(self, name: str, scope: Scope) -> SealedCredential | None:
        """Return a credential."""
        ...

    async def all(self) -> Sequence[SealedCredential]:
        """Return all credentials, sorted by name and scope."""
        ...

    async def rewrap(
        self, before: Sequence[SealedCredential], after: Sequence[SealedCredential]
    ) -> bool:
        """Exchange the wrapped keys of all credentials at once and return True; return False, and change nothing,
        where the credentials and wrapped keys that are there are not exactly those of `before`.
        """
        ...

    async def used(self, credential: Credential, at: datetime) -> None:
        """Record when a version was last used. Nothing happens where it is not there any more."""
        ...

    async def remove(self, name: str, scope: Scope) -> bool:
        """Remove a credential; return whether there was one."""
        ...
