"""What is stored opens with its key, as it was stored, and not otherwise."""

import asyncio
import base64
import os
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from callboard.domain.credential import ORG, Scope
from callboard.domain.errors import ConfigurationInvalid
from callboard.ports.vault import Grant, SealedCredential
from callboard.testing.vault import ANN, GRANT, credential
from callboard.vault.envelope import Altered, WrongKey, open_sealed, seal
from callboard.vault.key_places import EnvironmentKey

KEY = b"k" * 32
VALUE = "sk-canary-of-the-vault"


def environment_key(byte=b"e"):
    return EnvironmentKey(SecretStr(base64.b64encode(byte * 32).decode()))


@given(value=st.text(min_size=1), key=st.binary(min_size=32, max_size=32))
def test_any_value_comes_back_and_none_is_in_its_ciphertext(value, key):
    sealed = seal(key, credential(), value)
    assert open_sealed(key, sealed) == value
    assert value.encode() not in sealed.ciphertext or len(value.encode()) < 4
    assert sealed.ciphertext != seal(key, credential(), value).ciphertext
    assert sealed.wrapped_key != seal(key, credential(), value).wrapped_key


@given(data=st.data())
def test_a_single_altered_bit_anywhere_is_noticed(data):
    sealed = seal(KEY, credential(), VALUE)
    name = data.draw(st.sampled_from(["wrapped_key", "ciphertext"]))
    body = bytearray(getattr(sealed, name))
    place = data.draw(st.integers(0, len(body) - 1))
    body[place] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises((Altered, WrongKey)):
        open_sealed(KEY, replace(sealed, **{name: bytes(body)}))


@given(cut=st.integers(0, 80), name=st.sampled_from(["wrapped_key", "ciphertext"]))
def test_what_was_cut_off_does_not_open(cut, name):
    sealed = seal(KEY, credential(), VALUE)
    body = getattr(sealed, name)[:cut]
    if body != getattr(sealed, name):
        with pytest.raises(Altered):
            open_sealed(KEY, replace(sealed, **{name: body}))


@pytest.mark.parametrize(
    "change",
    [
        {"name": "other"},
        {"scope": Scope("agent", "reviewer")},
        {"scope": Scope("space", "org")},
        {"version": 2},
        {"provider": "anthropic"},
        {"base_url": "https://thief.test/v1"},
        {"base_url": None},
    ],
    ids=str,
)
def test_a_row_whose_facts_were_changed_does_not_open(change):
    sealed = seal(KEY, credential(), VALUE)
    changed = replace(sealed, credential=replace(sealed.credential, **change))
    with pytest.raises(Altered):
        open_sealed(KEY, changed)


def test_when_it_was_used_is_not_part_of_what_is_sealed(clock):
    sealed = seal(KEY, credential(), VALUE)
    used = replace(sealed.credential, last_used_at=clock.now())
    assert open_sealed(KEY, replace(sealed, credential=used)) == VALUE


@pytest.mark.anyio
async def test_ciphertexts_of_two_rows_exchanged_open_neither(vault, table):
    one = await vault.set(GRANT, SecretStr("sk-value-one"), ANN)
    two = await vault.set(replace(GRANT, name="play"), SecretStr("sk-value-two"), ANN)
    rows = list(table.rows.values())
    for row, other in (rows, reversed(rows)):
        table.rows[row.credential.name, "org"] = replace(other, credential=row.credential)
    for each in (one, two):
        with pytest.raises(ConfigurationInvalid, match=rf"{each.name} \(org\).*altered"):
            await vault.secret_for(each)


@pytest.mark.anyio
async def test_a_row_that_was_sent_elsewhere_is_neither_used_nor_given_a_new_value(vault, table):
    stored = await vault.set(GRANT, SecretStr(VALUE), ANN)
    (row,) = await table.all()
    moved = replace(stored, base_url="https://thief.test/v1")
    table.rows["work", "org"] = SealedCredential(moved, row.wrapped_key, row.ciphertext)
    with pytest.raises(ConfigurationInvalid, match="altered"):
        await vault.secret_for(moved)
    with pytest.raises(ConfigurationInvalid, match="altered"):
        await vault.rotate("work", ORG, SecretStr("sk-new-value"), ANN)
    again = await vault.set(GRANT, SecretStr("sk-new-value"), ANN)
    assert (await vault.secret_for(again)).get_secret_value() == "sk-new-value"


@pytest.mark.anyio
async def test_another_key_opens_nothing_and_says_which_one_did(open_vault, key_file):
    stored = await open_vault().set(GRANT, SecretStr(VALUE), ANN)
    with pytest.raises(ConfigurationInvalid, match=r"work.*another key") as refused:
        await open_vault(environment_key()).secret_for(stored)
    assert "CALLBOARD_VAULT_KEY" in str(refused.value)
    assert key_file.read_text().strip() not in str(refused.value)
    assert VALUE not in str(refused.value)


@pytest.mark.anyio
async def test_no_new_key_hides_that_the_old_one_is_lost(open_vault, key_file):
    stored = await open_vault().set(GRANT, SecretStr(VALUE), ANN)
    key_file.unlink()
    other = Grant("second", ORG, "openai")
    with pytest.raises(ConfigurationInvalid, match="is not here"):
        await open_vault().set(other, SecretStr(VALUE), ANN)
    with pytest.raises(ConfigurationInvalid, match="is not here"):
        await open_vault().secret_for(stored)
    assert not key_file.exists()
    assert await open_vault().remove("work", ORG)
    await open_vault().set(other, SecretStr(VALUE), ANN)


@pytest.mark.anyio
async def test_what_does_not_open_is_not_among_the_known_values(open_vault, table):
    for name in ("whole", "altered"):
        await open_vault().set(replace(GRANT, name=name), SecretStr(f"sk-{name}-value"), ANN)
    row = table.rows["altered", "org"]
    table.rows["altered", "org"] = replace(row, ciphertext=row.ciphertext[::-1])
    known = await open_vault().known_secrets()
    assert [each.get_secret_value() for each in known] == ["sk-whole-value"]
    assert list(await open_vault(environment_key()).known_secrets()) == []


@pytest.mark.anyio
async def test_the_use_of_a_credential_is_known_to_the_minute(vault, clock):
    stored = await vault.set(GRANT, SecretStr(VALUE), ANN)
    moments = []
    for seconds in (0, 59, 1):
        clock.advance(seconds)
        await vault.secret_for(stored)
        moments.append((await vault.list())[0].last_used_at)
    assert moments[0] == moments[1]
    assert moments[2] - moments[0] >= timedelta(minutes=1)


@pytest.mark.anyio
async def test_values_stored_at_the_same_time_are_all_versions_of_one_credential(vault):
    values = [f"sk-value-{number}" for number in range(5)]
    stored = await asyncio.gather(*(vault.set(GRANT, SecretStr(each), ANN) for each in values))
    assert sorted(each.version for each in stored) == [1, 2, 3, 4, 5]
    last = max(stored, key=lambda each: each.version)
    assert await vault.list() == [last]
    winner = values[stored.index(last)]
    assert (await vault.secret_for(last)).get_secret_value() == winner


@pytest.mark.anyio
async def test_no_key_and_no_value_is_in_the_table(vault, table, key_file):
    await vault.set(GRANT, SecretStr(VALUE), ANN)
    (row,) = await table.all()
    key = base64.b64decode(key_file.read_text())
    assert len(key) == 32
    for text in (VALUE.encode(), key, base64.b64encode(key)):
        assert text not in row.wrapped_key + row.ciphertext
    assert key != os.urandom(32)
