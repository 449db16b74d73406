"""A new deployment key: everything opens with it, nothing with the old one, whoever dies meanwhile."""

import asyncio
import base64
import stat
from dataclasses import replace

import pytest
from pydantic import SecretStr

from callboard.domain.errors import ConfigurationInvalid
from callboard.ports.vault import Grant
from callboard.testing.vault import AGENT, ANN, GRANT, MemorySealedCredentials
from callboard.vault.deployment_key import DeploymentKeys
from callboard.vault.envelope import WrongKey, key_id, open_sealed, rewrapped
from callboard.vault.key_places import EnvironmentKey, KeyFile
from callboard.vault.sealed_vault import SealedVault

pytestmark = pytest.mark.anyio

VALUE = "sk-canary-of-the-new-key"
OTHER = "sk-canary-of-an-agent"


@pytest.fixture
def keys(key_file):
    """Returns the places of the key as a process of its own asks them."""
    return lambda: DeploymentKeys([KeyFile(key_file)], key_file.with_name("vault.key.lock"))


@pytest.fixture
def process(table, clock, keys):
    """Opens the vault as another process would."""
    return lambda: SealedVault(table, keys(), clock)


@pytest.fixture
async def stored(process, anyio_backend):
    """Two credentials."""
    vault = process()
    everybody = await vault.set(GRANT, SecretStr(VALUE), ANN)
    return everybody, await vault.set(replace(GRANT, scope=AGENT), SecretStr(OTHER), ANN)


async def values(vault, stored):
    return [(await vault.secret_for(each)).get_secret_value() for each in stored]


async def test_the_old_key_opens_nothing_any_more(process, stored, table, key_file):
    old = base64.b64decode(key_file.read_bytes())
    done = await process().rekey()
    new = base64.b64decode(key_file.read_bytes())
    assert (done.credentials, done.key_id, done.place) == (2, key_id(new), str(key_file))
    assert new != old
    for sealed in await table.all():
        with pytest.raises(WrongKey):
            open_sealed(old, sealed)
    assert await values(process(), stored) == [VALUE, OTHER]
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    assert {path.name for path in key_file.parent.iterdir()} == {"vault.key", "vault.key.lock"}


async def test_a_process_that_knew_the_old_key_goes_on_with_the_new_one(process, stored):
    running = process()
    assert await values(running, stored) == [VALUE, OTHER]
    await process().rekey()
    assert await values(running, stored) == [VALUE, OTHER]
    assert {each.get_secret_value() for each in await running.known_secrets()} == {VALUE, OTHER}


async def test_what_it_stores_then_is_sealed_with_the_new_key(process, stored):
    running = process()
    assert await values(running, stored) == [VALUE, OTHER]
    await process().rekey()
    more = await running.set(replace(GRANT, name="more"), SecretStr("sk-more-than-that"), ANN)
    rotated = await running.rotate("work", stored[0].scope, SecretStr("sk-next-value"), ANN)
    assert await values(process(), [more, rotated]) == ["sk-more-than-that", "sk-next-value"]


@pytest.fixture
def interrupt(keys, table):
    """Does what a process did that died while it replaced the key."""

    async def work(committed):
        theirs = keys()
        old = theirs.find()
        new = theirs.stage(old)
        rows = await table.all()
        if committed:
            assert await table.rewrap(rows, [rewrapped(old.key, new.key, row) for row in rows])
        return new

    return work


@pytest.mark.parametrize("committed", [False, True], ids=["before", "after"])
async def test_whoever_died_before_or_after_the_rows_changed_left_what_opens(
    committed, process, stored, interrupt, key_file
):
    before = key_file.read_bytes()
    new = await interrupt(committed)
    assert await values(process(), stored) == [VALUE, OTHER]
    await process().set(replace(GRANT, name="more"), SecretStr("sk-more-than-that"), ANN)
    assert await values(process(), stored) == [VALUE, OTHER]
    found = base64.b64encode(new.key) + b"\n" if committed else before
    assert key_file.read_bytes() == found
    assert not key_file.with_name("vault.key.next").exists()


@pytest.mark.parametrize("committed", [False, True], ids=["before", "after"])
async def test_the_key_can_be_replaced_again_after_somebody_died_at_it(
    committed, process, stored, interrupt
):
    await interrupt(committed)
    await process().rekey()
    assert await values(process(), stored) == [VALUE, OTHER]


async def test_processes_that_store_while_the_key_is_replaced_lose_no_value(process, stored):
    names = [f"name{number}" for number in range(12)]
    grants = [Grant(name, GRANT.scope, "openai") for name in names]
    stores = [process().set(grant, SecretStr(f"sk-of-{grant.name}"), ANN) for grant in grants]
    made, _, _ = await asyncio.gather(asyncio.gather(*stores), process().rekey(), process().rekey())
    assert await values(process(), made) == [f"sk-of-{name}" for name in names]
    assert await values(process(), stored) == [VALUE, OTHER]


async def test_one_credential_that_does_not_open_keeps_all_as_they_are(
    process, stored, table, key_file
):
    (key, row), *_ = table.rows.items()
    table.rows[key] = replace(row, ciphertext=b"x" + row.ciphertext[1:])
    before = dict(table.rows), key_file.read_bytes()
    with pytest.raises(ConfigurationInvalid, match="altered"):
        await process().rekey()
    assert (dict(table.rows), key_file.read_bytes()) == before


async def test_a_key_of_the_environment_is_not_replaced_and_it_is_said_where_it_could_be(
    key_file, clock, table
):
    environment = EnvironmentKey(SecretStr(base64.b64encode(b"e" * 32).decode()))
    vault = SealedVault(table, DeploymentKeys([environment, KeyFile(key_file)]), clock)
    stored = await vault.set(GRANT, SecretStr(VALUE), ANN)
    with pytest.raises(ConfigurationInvalid, match=r"CALLBOARD_VAULT_KEY.*vault\.key"):
        await vault.rekey()
    assert await values(vault, [stored]) == [VALUE]


class FullTable(MemorySealedCredentials):
    async def rewrap(self, before, after):
        raise ConfigurationInvalid("the disk is full")


async def test_a_table_that_cannot_be_written_keeps_the_old_key(keys, clock, key_file):
    vault = SealedVault(FullTable(), keys(), clock)
    stored = await vault.set(GRANT, SecretStr(VALUE), ANN)
    before = key_file.read_bytes()
    with pytest.raises(ConfigurationInvalid, match="full"):
        await vault.rekey()
    assert key_file.read_bytes() == before
    assert not key_file.with_name("vault.key.next").exists()
    assert await values(vault, [stored]) == [VALUE]
