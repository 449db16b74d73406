"""The vault over a table of sealed credentials."""

# ruff: noqa: PLC0415 - what encrypts is imported with the first value: most commands see none

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from pydantic import SecretStr

from callboard.domain.actor import Actor
from callboard.domain.credential import Credential, Scope
from callboard.domain.errors import ConfigurationInvalid, UnknownThing
from callboard.ports.clock import Clock
from callboard.ports.vault import Grant, Rekeyed, SealedCredential, SealedCredentials

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
        async with self._sealing():
            for _ in range(_ATTEMPTS):
                found = await self._table.find(grant.name, grant.scope)
                stored = await self._replaced(found, grant, secret, actor)
                if stored is not None:
                    return stored
        raise _contended(grant.name, grant.scope)

    async def rotate(self, name: str, scope: Scope, secret: SecretStr, actor: Actor) -> Credential:
        """See `ports.vault.Vault`."""
        async with self._sealing():
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

        async def present() -> Sequence[SealedCredential]:
            found = await self._table.find(credential.name, credential.scope)
            return () if found is None else (found,)

        stored, key = await self._with_key(present)
        sealed = stored[0] if stored else None
        if sealed is None or not _opens_the_same(sealed.credential, credential):
            raise ConfigurationInvalid(
                f"the credential {credential} was removed, or stored for something else, meanwhile; try again"
            )
        secret = self._opened(sealed, key)
        now, last = self._clock.now(), sealed.credential.last_used_at
        if last is None or now - last >= _USE_IS_KNOWN_TO:
            await self._table.used(sealed.credential, now)
        return secret

    async def known_secrets(self) -> Sequence[SecretStr]:
        """See `ports.vault.Vault`."""
        stored, key = await self._with_key(self._table.all)
        known: list[SecretStr] = []
        for each in stored:
            with suppress(ConfigurationInvalid):
                known.append(self._opened(each, key))
        return known

    async def rekey(self) -> Rekeyed:
        """See `ports.vault.Vault`. Both keys are there while the rows change in one transaction; which of them is
        the right one afterwards is what the rows say, also for whoever comes after a crash.
        """
        async with self._held(shared=False):
            await self._finish()
            self._keys.forget()
            present = await asyncio.to_thread(self._keys.find)
            try:
                rewrapped = await self._rewrap(present)
            finally:
                await self._finish()
            return rewrapped

    async def _rewrap(self, present: "DeploymentKey | None") -> Rekeyed:
        from callboard.vault.envelope import key_id, rewrapped

        for _ in range(_ATTEMPTS):
            stored = await self._table.all()
            for each in stored:
                self._opened(each, present)
            if present is None or not stored:
                raise ConfigurationInvalid("nothing is stored yet: there is no key to replace")
            new = await asyncio.to_thread(self._keys.stage, present)
            changed = [rewrapped(present.key, new.key, each) for each in stored]
            if await self._table.rewrap(stored, changed):
                return Rekeyed(len(stored), key_id(new.key), new.place)
        raise ConfigurationInvalid("the credentials keep changing; try again")

    async def _finish(self) -> None:
        """End what `rekey` began, here or in a process that died: the rows say which key is the right one."""
        from callboard.vault.envelope import key_id, sealed_with

        staged = await asyncio.to_thread(self._keys.staged)
        if staged is None:
            return
        in_use = {sealed_with(each) for each in await self._table.all()}
        is_new = key_id(staged.key) in in_use
        await asyncio.to_thread(self._keys.settle if is_new else self._keys.discard)

    @asynccontextmanager
    async def _held(self, *, shared: bool) -> AsyncGenerator[None]:
        lock = self._keys.held(shared=shared)
        # A thread of its own: whoever holds the lock needs the shared ones to come to an end.
        waiting = ThreadPoolExecutor(1, thread_name_prefix="callboard-vault-lock")
        try:
            await asyncio.get_running_loop().run_in_executor(waiting, lock.__enter__)
        finally:
            waiting.shutdown(wait=False)
        try:
            yield
        finally:
            lock.__exit__(None, None, None)

    @asynccontextmanager
    async def _sealing(self) -> AsyncGenerator[None]:
        """Let nobody replace the key between reading it and storing what is sealed with it."""
        for _ in range(_ATTEMPTS):
            if await asyncio.to_thread(self._keys.staged) is not None:
                async with self._held(shared=False):
                    await self._finish()
            async with self._held(shared=True):
                if await asyncio.to_thread(self._keys.staged) is None:
                    self._keys.forget()
                    yield
                    return
        raise ConfigurationInvalid("the vault's key keeps changing; try again")

    async def _with_key(
        self, read: Callable[[], Awaitable[Sequence[SealedCredential]]]
    ) -> "tuple[Sequence[SealedCredential], DeploymentKey | None]":
        """Return what is stored with the key that opens it, also where another process replaced the key since
        it was read here, or died while it did.
        """
        from callboard.vault.envelope import key_id, sealed_with

        stored = await read()
        if not stored:
            return stored, None
        key = await asyncio.to_thread(self._keys.find)
        if key is not None and {sealed_with(each) for each in stored} == {key_id(key.key)}:
            return stored, key
        async with self._held(shared=False):
            await self._finish()
            self._keys.forget()
            return await read(), await asyncio.to_thread(self._keys.find)

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
