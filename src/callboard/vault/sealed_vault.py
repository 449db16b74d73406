"""The vault over a table of sealed credentials."""

# ruff: noqa: PLC0415 - what encrypts is imported with the first value: most commands see none

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from pydantic import SecretStr

from callboard.domain.actor import Actor
from callboard.domain.credential import Credential, Scope
from callboard.domain.errors import ConfigurationInvalid, UnknownThing
from callboard.ports.clock import Clock
from callboard.ports.vault import Grant, SealedCredential, SealedCredentials

if TYPE_CHECKING:
    from callboard.vault.deployment_key import DeploymentKey, DeploymentKeys

_USE_IS_KNOWN_TO: Final = timedelta(minutes=1)
_ATTEMPTS: Final = 20
_EMPTY_FOR_S = 1.0


class SealedVault:
    """`callboard.ports.vault.Vault`.

    Args:
        table: where what is sealed is kept.
        keys: where the key that seals is kept.
        clock: says when things were stored and used.
    """

    def __init__(self, table: SealedCredentials, keys: "DeploymentKeys", clock: Clock) -> None:
        self._table = table
        self._keys = keys
        self._clock = clock
        self._empty_until = float("-inf")

    async def set(self, grant: Grant, secret: SecretStr, actor: Actor) -> Credential:
        """See `ports.vault.Vault`."""
        for _ in range(_ATTEMPTS):
            found = await self._table.find(grant.name, grant.scope)
            stored = await self._replaced(found, grant, secret, actor)
            if stored is not None:
                return stored
        raise _contended(grant.name, grant.scope)

    async def rotate(self, name: str, scope: Scope, secret: SecretStr, actor: Actor) -> Credential:
        """See `ports.vault.Vault`."""
        for _ in range(_ATTEMPTS):
            found = await self._table.find(name, scope)
            if found is None:
                raise UnknownThing(f"there is no credential {name} ({scope}) to rotate")
            # Opened first: a new value must not go to an address that somebody wrote into the row.
            self._opened(found, await asyncio.to_thread(self._keys.find))
            present = found.credential
            grant = Grant(name, scope, present.provider, present.base_url)
            stored = await self._replaced(found, grant, secret, actor)
            if stored is not None:
                return stored
        raise _contended(name, scope)

    async def list(self) -> Sequence[Credential]:
        """See `ports.vault.Vault`. That nothing is stored is believed for a second, unless something is stored
        here: every model call asks, and most deployments store nothing.
        """
        now = asyncio.get_running_loop().time()
        if now < self._empty_until:
            return []
        stored = [each.credential for each in await self._table.all()]
        self._empty_until = float("-inf") if stored else now + _EMPTY_FOR_S
        return stored

    async def remove(self, name: str, scope: Scope) -> bool:
        """See `ports.vault.Vault`."""
        return await self._table.remove(name, scope)

    async def secret_for(self, credential: Credential) -> SecretStr:
        """See `ports.vault.Vault`."""
        sealed = await self._table.find(credential.name, credential.scope)
        if sealed is None or not _opens_the_same(sealed.credential, credential):
            raise ConfigurationInvalid(
                f"the credential {credential} was removed, or stored for something else, meanwhile; try again"
            )
        secret = self._opened(sealed, await asyncio.to_thread(self._keys.find))
        now, last = self._clock.now(), sealed.credential.last_used_at
        if last is None or now - last >= _USE_IS_KNOWN_TO:
            await self._table.used(sealed.credential, now)
        return secret

    async def known_secrets(self) -> Sequence[SecretStr]:
        """See `ports.vault.Vault`."""
        stored = await self._table.all()
        if not stored:
            return ()
        key = await asyncio.to_thread(self._keys.find)
        known: list[SecretStr] = []
        for each in stored:
            with suppress(ConfigurationInvalid):
                known.append(self._opened(each, key))
        return known

    async def _replaced(
        self, found: SealedCredential | None, grant: Grant, secret: SecretStr, actor: Actor
    ) -> Credential | None:
        """Store a value in the place of the one that was found; None where another one is there by now."""
        from callboard.vault.envelope import seal

        self._empty_until = float("-inf")

        present = None if found is None else found.credential
        key = await self._key_to_seal()
        facts = self._facts(grant, present, actor)
        sealed = seal(key.key, facts, secret.get_secret_value())
        replacing = None if present is None else present.version
        return facts if await self._table.put(sealed, replacing=replacing) else None

    def _facts(self, grant: Grant, present: Credential | None, actor: Actor) -> Credential:
        now = self._clock.now()
        return Credential(
            name=grant.name,
            scope=grant.scope,
            provider=grant.provider,
            base_url=grant.base_url,
            version=1 if present is None else present.version + 1,
            actor=actor,
            created_at=now if present is None else present.created_at,
            rotated_at=None if present is None else now,
            last_used_at=None if present is None else present.last_used_at,
        )

    async def _key_to_seal(self) -> "DeploymentKey":
        found = await asyncio.to_thread(self._keys.find)
        if found is not None:
            return found
        stored = await self._table.all()
        if stored:
            # A new key would hide that the old one is lost, and with it all that is stored.
            raise self._no_key(stored[0].credential)
        return await asyncio.to_thread(self._keys.find_or_make)

    def _opened(self, sealed: SealedCredential, key: "DeploymentKey | None") -> SecretStr:
        from callboard.vault.envelope import Altered, WrongKey, key_id, open_sealed

        name = sealed.credential
        if key is None:
            raise self._no_key(name)
        try:
            return SecretStr(open_sealed(key.key, sealed))
        except WrongKey as wrong:
            raise ConfigurationInvalid(
                f"the credential {name} was sealed with another key ({wrong.sealed_with}) than the one in"
                f" {key.place} ({key_id(key.key)}). Bring the other key back, or store the value again with"
                f" {_again(name)}"
            ) from None
        except Altered:
            raise ConfigurationInvalid(
                f"the credential {name} is not as it was stored: its row was altered or exchanged. Nothing was"
                f" sent anywhere. Store the value again with {_again(name)}"
            ) from None

    def _no_key(self, credential: Credential) -> ConfigurationInvalid:
        return ConfigurationInvalid(
            f"the key that the credential {credential} was sealed with is not here (looked in"
            f" {self._keys.places()}). Bring it back, or remove what it sealed with `callboard credentials"
            " remove`"
        )


def _opens_the_same(one: Credential, other: Credential) -> bool:
    return (one.provider, one.base_url) == (other.provider, other.base_url)


def _again(credential: Credential) -> str:
    return f"`callboard credentials set {credential.name} --provider …`"


def _contended(name: str, scope: Scope) -> ConfigurationInvalid:
    return ConfigurationInvalid(f"the credential {name} ({scope}) keeps changing; try again")
