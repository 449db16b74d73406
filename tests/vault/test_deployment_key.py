"""Where the deployment key comes from."""

import base64
import json
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import chainer, fail, null
from pydantic import SecretStr

from callboard.domain.errors import ConfigurationInvalid
from callboard.vault.deployment_key import DeploymentKeys, deployment_keys
from callboard.vault.key_places import EnvironmentKey, KeyFile, decoded
from callboard.vault.keyring_place import KeyringKey, system_keyring

TEXT = base64.b64encode(b"e" * 32).decode()


class FakeKeyring:
    def __init__(self):
        self.entries = {}

    def get_password(self, service, username):
        return self.entries.get((service, username))

    def set_password(self, service, username, password):
        self.entries[service, username] = password


class BrokenKeyring(FakeKeyring):
    def get_password(self, service, username):
        raise RuntimeError("locked")


class SilentKeyring(FakeKeyring):
    def __init__(self):
        super().__init__()
        self.answer = threading.Event()

    def get_password(self, service, username):
        self.answer.wait(30)


def keyring_of(found, **more):
    return KeyringKey(lambda: found, **more)


def test_the_environment_comes_before_the_keyring_and_that_before_the_file(key_file):
    keyring = FakeKeyring()
    places = [EnvironmentKey(SecretStr(TEXT)), keyring_of(keyring), KeyFile(key_file)]
    places[1].keep(b"r" * 32)
    places[2].keep(b"f" * 32)
    firsts = [DeploymentKeys(places[number:]).find() for number in range(3)]
    assert [(found.key[:1], found.place) for found in firsts if found] == [
        (b"e", "CALLBOARD_VAULT_KEY"),
        (b"r", "the keyring of the operating system"),
        (b"f", str(key_file)),
    ]


def test_a_new_key_goes_into_the_keyring_where_there_is_one(key_file):
    keyring = FakeKeyring()
    made = DeploymentKeys([keyring_of(keyring), KeyFile(key_file)]).find_or_make()
    assert not key_file.exists()
    again = DeploymentKeys([keyring_of(keyring), KeyFile(key_file)]).find()
    assert again == made


@pytest.mark.parametrize("keyring", [None, BrokenKeyring()], ids=["none", "broken"])
def test_a_new_key_goes_into_a_file_where_no_keyring_can_be_used(key_file, keyring):
    made = DeploymentKeys([keyring_of(keyring), KeyFile(key_file)]).find_or_make()
    assert made.place == str(key_file)
    assert key_file.stat().st_mode & 0o7777 == 0o600
    assert [path.name for path in key_file.parent.iterdir()] == ["vault.key"]
    assert DeploymentKeys([KeyFile(key_file)]).find() == made


def test_a_keyring_that_does_not_answer_is_waited_for_no_longer_than_told(key_file):
    silent = SilentKeyring()
    place = keyring_of(silent, patience_s=0.01)
    assert place.read() is None
    silent.answer.set()


def test_what_a_keyring_holds_that_is_no_key_counts_as_nothing():
    keyring = FakeKeyring()
    keyring.set_password("callboard", "vault-key", "hunter2")
    assert keyring_of(keyring).read() is None


def test_asking_the_keyring_of_this_machine_neither_fails_nor_asks_back():
    assert system_keyring() is None or hasattr(system_keyring(), "get_password")


def test_looking_for_a_key_makes_none(key_file):
    assert DeploymentKeys([KeyFile(key_file)]).find() is None
    assert not key_file.exists()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660, 0o601], ids=oct)
def test_a_file_that_others_may_read_is_refused_with_the_way_out(key_file, mode):
    KeyFile(key_file).keep(b"f" * 32)
    key_file.chmod(mode)
    with pytest.raises(ConfigurationInvalid, match=f"chmod 600 {key_file}"):
        KeyFile(key_file).read()


def test_a_link_in_the_place_of_the_file_is_not_followed(key_file, tmp_path):
    elsewhere = KeyFile(tmp_path / "elsewhere")
    elsewhere.keep(b"f" * 32)
    key_file.symlink_to(tmp_path / "elsewhere")
    for attempt in (KeyFile(key_file).read, lambda: KeyFile(key_file).keep(b"g" * 32)):
        with pytest.raises(ConfigurationInvalid, match=r"vault\.key"):
            attempt()
    assert elsewhere.read() == b"f" * 32


def test_a_pipe_in_the_place_of_the_file_hangs_nobody(key_file):
    os.mkfifo(key_file, 0o600)
    with pytest.raises(ConfigurationInvalid, match="not a regular file"):
        KeyFile(key_file).read()


@pytest.mark.parametrize("content", ["", "short", "!" * 44, TEXT[:-5]])
def test_a_file_without_a_key_is_refused_and_left_alone(key_file, content):
    key_file.write_text(content)
    key_file.chmod(0o600)
    with pytest.raises(ConfigurationInvalid, match="holds no key"):
        KeyFile(key_file).read()
    assert key_file.read_text() == content


def test_all_who_make_the_file_at_once_get_the_same_key(key_file):
    ready = threading.Barrier(8)

    def make(number):
        ready.wait(30)
        return KeyFile(key_file).keep(bytes([number]) * 32)

    with ThreadPoolExecutor(8) as threads:
        kept = list(threads.map(make, range(8)))
    assert {KeyFile(key_file).read()} == set(kept)
    assert [path.name for path in key_file.parent.iterdir()] == ["vault.key"]


def test_a_directory_that_takes_no_file_is_named(tmp_path):
    with pytest.raises(ConfigurationInvalid, match="cannot be written"):
        KeyFile(tmp_path / "missing" / "vault.key").keep(b"a" * 32)


@pytest.mark.parametrize("text", ["", "hunter2", base64.b64encode(b"x" * 16).decode(), "é" * 44])
def test_a_variable_that_holds_no_key_is_refused_without_repeating_it(text):
    with pytest.raises(ConfigurationInvalid, match="CALLBOARD_VAULT_KEY") as refused:
        EnvironmentKey(SecretStr(text)).read()
    assert not text or text not in str(refused.value)


def test_both_alphabets_of_base64_are_read_with_and_without_padding():
    key = bytes(range(200, 232))
    for text in (base64.b64encode(key), base64.urlsafe_b64encode(key)):
        assert decoded(text.decode()) == decoded(text.decode().rstrip("=")) == key


def test_nothing_shows_the_key(key_file, tmp_path):
    keys = deployment_keys(tmp_path, SecretStr(TEXT), keyring=None)
    found = keys.find_or_make()
    assert TEXT not in repr(found) + repr(keys)
    assert repr(found.key) not in repr(found)
    assert not key_file.exists()


# --- back ends of the library itself


class FileBackend(KeyringBackend):
    """A back end as others write them: entries in a file, for whoever opens it next."""

    priority = 0  # pyright: ignore[reportAssignmentType]
    place = Path()
    asked = 0

    def _entries(self):
        type(self).asked += 1
        return json.loads(self.place.read_text()) if self.place.exists() else {}

    def get_password(self, service: str, username: str) -> str | None:
        return self._entries().get(f"{service}/{username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        self.place.write_text(
            json.dumps(self._entries() | {f"{service}/{username}": str(password)})
        )


@pytest.fixture
def chosen():
    """Chooses the back end that the library uses in this process."""
    before = keyring.get_keyring()
    yield keyring.set_keyring
    keyring.set_keyring(before)


@pytest.mark.parametrize("backend", [null.Keyring, fail.Keyring, chainer.ChainerBackend])
def test_a_back_end_that_keeps_nothing_leaves_the_key_to_the_file(key_file, chosen, backend):
    chosen(backend())
    assert system_keyring() is None
    for find in (system_keyring, backend):
        made = DeploymentKeys([KeyringKey(find), KeyFile(key_file)]).find_or_make()
        assert made.place == str(key_file)
        assert DeploymentKeys([KeyringKey(find), KeyFile(key_file)]).find() == made


def test_a_back_end_that_keeps_entries_keeps_the_key_for_the_next_process(key_file, tmp_path):
    FileBackend.place = tmp_path / "entries"
    find: Any = FileBackend
    made = DeploymentKeys([KeyringKey(find), KeyFile(key_file)]).find_or_make()
    assert made.place == "the keyring of the operating system"
    assert DeploymentKeys([KeyringKey(find), KeyFile(key_file)]).find() == made
    assert not key_file.exists()


def test_a_back_end_that_might_ask_somebody_is_not_even_asked(chosen, tmp_path):
    FileBackend.place, FileBackend.asked = tmp_path / "entries", 0
    chosen(FileBackend())
    assert system_keyring() is None
    assert FileBackend.asked == 0
