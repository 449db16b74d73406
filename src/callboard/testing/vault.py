"""Vaults and sealed credentials in memory, and what every one of them does."""

# ruff: noqa: D102 - the names of the tests are their sentences

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timezone

import pytest
from pydantic import SecretStr

from callboard.domain.actor import Actor
from callboard.domain.credential import ORG, Credential, Scope
from callboard.domain.errors import ConfigurationInvalid, UnknownThing
from callboard.ports.vault import Grant, Rekeyed, SealedCredential, SealedCredentials, Vault

NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)
LATER = datetime(2026, 1, 1, 0, 5, tzinfo=timezone.utc)
ANN = Actor(kind="person", name="ann")
BEN = Actor(kind="person", name="ben")
AGENT = Scope("agent", "reviewer")


class MemorySealedCredentials:
    """See `ports.vault.SealedCredentials`."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], SealedCredential] = {}

    async def put(self, sealed: SealedCredential, *, replacing: int | None) -> bool:
        """See `ports.vault.SealedCredentials`."""
        key = _key(sealed.credential)
        present = self.rows.get(key)
        if replacing != (None if present is None else present.credential.version):
            return False
        self.rows[key] = sealed
        return True

    async def find(self, name: str, scope: Scope) -> SealedCredential | None:
        """See `ports.vault.SealedCredentials`."""
        return self.rows.get((name, str(scope)))

    async def all(self) -> Sequence[SealedCredential]:
        """See `ports.vault.SealedCredentials`."""
        return [self.rows[key] for key in sorted(self.rows)]

    async def rewrap(
        self, before: Sequence[SealedCredential], after: Sequence[SealedCredential]
    ) -> bool:
        """See `ports.vault.SealedCredentials`."""
        expected = {_key(each.credential): each.wrapped_key for each in before}
        if {key: each.wrapped_key for key, each in self.rows.items()} != expected:
            return False
        for each in after:
            key = _key(each.credential)
            self.rows[key] = replace(self.rows[key], wrapped_key=each.wrapped_key)
        return True

    async def used(self, credential: Credential, at: datetime) -> None:
        """See `ports.vault.SealedCredentials`."""
        row = self.rows.get(_key(credential))
        if row is not None and row.credential.version == credential.version:
            facts = replace(row.credential, last_used_at=at)
            self.rows[_key(credential)] = replace(row, credential=facts)

    async def remove(self, name: str, scope: Scope) -> bool:
        """See `ports.vault.SealedCredentials`."""
        return self.rows.pop((name, str(scope)), None) is not None


class MemoryVault:
    """See `ports.vault.Vault`. Values are kept as they are; `now` is the time of everything."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now
        self.keys = 0
        self._all: dict[tuple[str, str], tuple[Credential, SecretStr]] = {}

    async def set(self, grant: Grant, secret: SecretStr, actor: Actor) -> Credential:
        """See `ports.vault.Vault`."""
        found = self._all.get((grant.name, str(grant.scope)))
        before = None if found is None else found[0]
        facts = Credential(
            name=grant.name,
            scope=grant.scope,
            provider=grant.provider,
            base_url=grant.base_url,
            version=1 if before is None else before.version + 1,
            actor=actor,
            created_at=self.now if before is None else before.created_at,
            rotated_at=None if before is None else self.now,
            last_used_at=None if before is None else before.last_used_at,
        )
        self._all[_key(facts)] = facts, secret
        return facts

    async def rotate(self, name: str, scope: Scope, secret: SecretStr, actor: Actor) -> Credential:
        """See `ports.vault.Vault`."""
        found = self._all.get((name, str(scope)))
        if found is None:
            raise UnknownThing(f"there is no credential {name} ({scope}) to rotate")
        grant = Grant(name, scope, found[0].provider, found[0].base_url)
        return await self.set(grant, secret, actor)

    async def list(self) -> Sequence[Credential]:
        """See `ports.vault.Vault`."""
        return [self._all[key][0] for key in sorted(self._all)]

    async def remove(self, name: str, scope: Scope) -> bool:
        """See `ports.vault.Vault`."""
        return self._all.pop((name, str(scope)), None) is not None

    async def secret_for(self, credential: Credential) -> SecretStr:
        """See `ports.vault.Vault`."""
        found = self._all.get(_key(credential))
        wanted = (credential.provider, credential.base_url)
        if found is None or (found[0].provider, found[0].base_url) != wanted:
            raise ConfigurationInvalid(f"the credential {credential} was removed meanwhile")
        facts, secret = found
        self._all[_key(facts)] = replace(facts, last_used_at=self.now), secret
        return secret

    async def known_secrets(self) -> Sequence[SecretStr]:
        """See `ports.vault.Vault`."""
        return [secret for _, secret in self._all.values()]

    async def rekey(self) -> Rekeyed:
        """See `ports.vault.Vault`. Its keys are only counted."""
        if not self._all and not self.keys:
            raise ConfigurationInvalid("nothing is stored yet: there is no key to replace")
        self.keys += 1
        return Rekeyed(len(self._all), f"key-{self.keys}", "memory")


def _key(credential: Credential) -> tuple[str, str]:
    return credential.name, str(credential.scope)


def credential(name: str = "work", scope: Scope = ORG, version: int = 1) -> Credential:
    """Return the facts of a credential."""
    return Credential(name, scope, "openai", version, ANN, NOW, base_url="https://models.test/v1")


def sealed(name: str = "work", scope: Scope = ORG, version: int = 1) -> SealedCredential:
    """Return a row; what it seals is nothing."""
    return SealedCredential(credential(name, scope, version), b"\x00\xff key", b"\x00\xff text")


class SealedCredentialsContract:
    """The behaviour of `callboard.ports.vault.SealedCredentials`. Give the fixture `table`."""

    async def test_gives_back_what_was_put(self, table: SealedCredentials) -> None:
        row = sealed()
        row = replace(row, credential=replace(row.credential, rotated_at=LATER, last_used_at=LATER))
        assert await table.put(row, replacing=None)
        assert await table.find("work", ORG) == row
        assert list(await table.all()) == [row]

    async def test_a_name_may_be_there_once_in_every_scope(self, table: SealedCredentials) -> None:
        for scope in (ORG, AGENT, Scope("space", "reviewer")):
            assert await table.put(sealed(scope=scope), replacing=None)
        assert not await table.put(sealed(scope=AGENT), replacing=None)
        scopes = [str(each.credential.scope) for each in await table.all()]
        assert scopes == ["agent:reviewer", "org", "space:reviewer"]

    async def test_a_version_replaces_the_one_that_it_was_made_for(
        self, table: SealedCredentials
    ) -> None:
        assert not await table.put(sealed(version=2), replacing=1)
        assert await table.put(sealed(), replacing=None)
        assert await table.put(sealed(version=2), replacing=1)
        assert not await table.put(replace(sealed(version=2), ciphertext=b"late"), replacing=1)
        assert list(await table.all()) == [sealed(version=2)]

    async def test_of_two_at_the_same_time_one_wins(self, table: SealedCredentials) -> None:
        await table.put(sealed(), replacing=None)
        rivals = [replace(sealed(version=2), ciphertext=text) for text in (b"one", b"two")]
        won = await asyncio.gather(*(table.put(rival, replacing=1) for rival in rivals))
        assert sorted(won) == [False, True]
        assert await table.find("work", ORG) == rivals[won.index(True)]

    async def test_remembers_when_the_present_version_was_used(
        self, table: SealedCredentials
    ) -> None:
        await table.put(sealed(version=2), replacing=None)
        await table.used(credential(version=1), LATER)
        assert await table.find("work", ORG) == sealed(version=2)
        await table.used(credential(version=2), LATER)
        found = await table.find("work", ORG)
        assert found is not None
        assert found.credential.last_used_at == LATER

    async def test_all_wrapped_keys_are_exchanged_at_once(self, table: SealedCredentials) -> None:
        before = [sealed(scope=AGENT), sealed()]
        for row in before:
            await table.put(row, replacing=None)
        await table.used(credential(), LATER)
        after = [replace(row, wrapped_key=b"another key") for row in before]
        assert await table.rewrap(before, after)
        stored = await table.all()
        assert [row.wrapped_key for row in stored] == [b"another key"] * 2
        assert [row.ciphertext for row in stored] == [row.ciphertext for row in before]
        assert stored[1].credential.last_used_at == LATER

    async def test_no_wrapped_key_is_exchanged_where_one_is_not_as_it_was_read(
        self, table: SealedCredentials
    ) -> None:
        row = sealed()
        await table.put(row, replacing=None)
        after = replace(row, wrapped_key=b"another key")
        assert not await table.rewrap([], [])
        assert not await table.rewrap([row, sealed(scope=AGENT)], [after])
        assert not await table.rewrap([after], [row])
        assert list(await table.all()) == [row]

    async def test_what_was_removed_is_gone(self, table: SealedCredentials) -> None:
        await table.put(sealed(), replacing=None)
        await table.put(sealed(scope=AGENT), replacing=None)
        assert await table.remove("work", ORG)
        assert not await table.remove("work", ORG)
        assert await table.find("work", ORG) is None
        assert list(await table.all()) == [sealed(scope=AGENT)]
        await table.used(credential(), LATER)


GRANT = Grant("work", ORG, "openai", "https://models.test/v1")


class VaultContract:
    """The behaviour of `callboard.ports.vault.Vault`. Give the fixture `vault`, in which nothing is."""

    async def test_hands_out_what_was_stored(self, vault: Vault) -> None:
        stored = await vault.set(GRANT, SecretStr("sk-first-value"), ANN)
        assert (stored.name, stored.scope, stored.provider) == ("work", ORG, "openai")
        assert (stored.base_url, stored.version, stored.actor) == (GRANT.base_url, 1, ANN)
        assert await vault.list() == [stored]
        assert (await vault.secret_for(stored)).get_secret_value() == "sk-first-value"

    async def test_knows_what_was_used(self, vault: Vault) -> None:
        stored = await vault.set(GRANT, SecretStr("sk-first-value"), ANN)
        assert stored.last_used_at is None
        await vault.secret_for(stored)
        (used,) = await vault.list()
        assert used.last_used_at is not None
        assert replace(used, last_used_at=None) == stored

    async def test_tells_all_values_to_whoever_keeps_them_out_of_something(
        self, vault: Vault
    ) -> None:
        assert list(await vault.known_secrets()) == []
        await vault.set(GRANT, SecretStr("sk-first-value"), ANN)
        await vault.set(replace(GRANT, scope=AGENT), SecretStr("sk-of-an-agent"), ANN)
        known = await vault.known_secrets()
        assert {each.get_secret_value() for each in known} == {"sk-first-value", "sk-of-an-agent"}
        assert [each.last_used_at for each in await vault.list()] == [None, None]

    async def test_a_new_value_takes_the_place_of_the_old_one(self, vault: Vault) -> None:
        stored = await vault.set(GRANT, SecretStr("sk-first-value"), ANN)
        rotated = await vault.rotate("work", ORG, SecretStr("sk-second-value"), BEN)
        assert (rotated.version, rotated.actor, rotated.provider) == (2, BEN, "openai")
        assert rotated.base_url == stored.base_url
        assert rotated.created_at == stored.created_at
        assert rotated.rotated_at is not None
        assert await vault.list() == [rotated]
        assert (await vault.secret_for(rotated)).get_secret_value() == "sk-second-value"

    async def test_who_knew_the_version_before_gets_the_present_value(self, vault: Vault) -> None:
        stored = await vault.set(GRANT, SecretStr("sk-first-value"), ANN)
        await vault.rotate("work", ORG, SecretStr("sk-second-value"), BEN)
        assert (await vault.secret_for(stored)).get_secret_value() == "sk-second-value"

    async def test_a_value_is_never_handed_out_for_another_address(self, vault: Vault) -> None:
        stored = await vault.set(GRANT, SecretStr("sk-first-value"), ANN)
        moved = replace(GRANT, base_url="https://other.test/v1")
        again = await vault.set(moved, SecretStr("sk-second-value"), ANN)
        assert (again.version, again.base_url) == (2, "https://other.test/v1")
        with pytest.raises(ConfigurationInvalid, match="work"):
            await vault.secret_for(stored)

    async def test_a_value_belongs_to_its_scope(self, vault: Vault) -> None:
        everybody = await vault.set(GRANT, SecretStr("sk-for-everybody"), ANN)
        one = await vault.set(replace(GRANT, scope=AGENT), SecretStr("sk-for-one-agent"), ANN)
        assert (await vault.secret_for(everybody)).get_secret_value() == "sk-for-everybody"
        assert (await vault.secret_for(one)).get_secret_value() == "sk-for-one-agent"
        assert await vault.remove("work", AGENT)
        assert [each.scope for each in await vault.list()] == [ORG]

    async def test_a_new_deployment_key_changes_no_value(self, vault: Vault) -> None:
        with pytest.raises(ConfigurationInvalid, match="nothing is stored"):
            await vault.rekey()
        one = await vault.set(GRANT, SecretStr("sk-for-everybody"), ANN)
        other = await vault.set(replace(GRANT, scope=AGENT), SecretStr("sk-for-one-agent"), ANN)
        keys = [await vault.rekey(), await vault.rekey()]
        assert [made.credentials for made in keys] == [2, 2]
        assert keys[0].key_id != keys[1].key_id
        assert [each.version for each in await vault.list()] == [1, 1]
        assert (await vault.secret_for(one)).get_secret_value() == "sk-for-everybody"
        assert (await vault.secret_for(other)).get_secret_value() == "sk-for-one-agent"

    async def test_what_was_removed_is_not_handed_out(self, vault: Vault) -> None:
        stored = await vault.set(GRANT, SecretStr("sk-first-value"), ANN)
        assert await vault.remove("work", ORG)
        assert not await vault.remove("work", ORG)
        assert await vault.list() == []
        with pytest.raises(ConfigurationInvalid, match="work"):
            await vault.secret_for(stored)

    async def test_only_what_is_there_can_be_rotated(self, vault: Vault) -> None:
        with pytest.raises(UnknownThing, match="work"):
            await vault.rotate("work", ORG, SecretStr("sk-first-value"), ANN)

    async def test_no_value_shows_in_what_is_told(self, vault: Vault) -> None:
        stored = await vault.set(GRANT, SecretStr("sk-first-value"), ANN)
        secret = await vault.secret_for(stored)
        told = [repr(stored), str(stored), repr(await vault.list()), repr(vault), repr(secret)]
        assert not [text for text in told if "sk-first-value" in text]

    async def test_values_of_any_characters_come_back_as_they_are(self, vault: Vault) -> None:
        for value in ("ключ-ключ", "a" * 20_000, 'quote"\\back', "\N{GRINNING FACE} six!"):
            stored = await vault.set(GRANT, SecretStr(value), ANN)
            assert (await vault.secret_for(stored)).get_secret_value() == value
