"""Whatever is stored, rotated, removed, used and tampered with, in any order: the vault keeps its promises."""

import asyncio
import tempfile
from dataclasses import replace
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from pydantic import SecretStr

from callboard.domain.credential import ORG, Scope
from callboard.domain.errors import ConfigurationInvalid, UnknownThing
from callboard.ports.vault import Grant
from callboard.testing.clock import FakeClock
from callboard.testing.vault import ANN, MemorySealedCredentials
from callboard.vault.deployment_key import DeploymentKeys
from callboard.vault.key_places import KeyFile
from callboard.vault.sealed_vault import SealedVault

names = st.sampled_from(["work", "play"])
scopes = st.sampled_from([ORG, Scope("agent", "one"), Scope("agent", "two")])
addresses = st.sampled_from([None, "https://models.test/v1", "https://other.test/v1"])


class VaultMachine(RuleBasedStateMachine):
    """The model: which value was stored last, and the row that was written then. A row that is another one
    by now opens to nothing.
    """

    def __init__(self):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.runner = asyncio.Runner()
        self.table = MemorySealedCredentials()
        self.clock = FakeClock()
        self.values = {}
        self.written = {}
        self.count = 0
        self.reopen()

    def teardown(self):
        self.runner.close()
        self.folder.cleanup()

    def do(self, coroutine):
        return self.runner.run(coroutine)

    def new_value(self):
        self.count += 1
        return f"sk-canaryq7-{self.count:06}"

    def row(self, key):
        row = self.table.rows[key[0], str(key[1])]
        return replace(row, credential=replace(row.credential, last_used_at=None))

    def is_whole(self, key):
        return self.row(key) == self.written[key]

    def remember(self, key, value):
        self.values[key] = value
        self.written[key] = self.row(key)

    @rule()
    def reopen(self):
        """Another process, with the same key."""
        keys = DeploymentKeys([KeyFile(Path(self.folder.name, "vault.key"))])
        self.vault = SealedVault(self.table, keys, self.clock)

    @rule(name=names, scope=scopes, base_url=addresses)
    def store(self, name, scope, base_url):
        value, key = self.new_value(), (name, scope)
        version = self.row(key).credential.version + 1 if key in self.values else 1
        grant = Grant(name, scope, "openai", base_url)
        stored = self.do(self.vault.set(grant, SecretStr(value), ANN))
        assert (stored.version, stored.base_url) == (version, base_url)
        self.remember(key, value)

    @rule(name=names, scope=scopes)
    def rotate(self, name, scope):
        value, key = self.new_value(), (name, scope)
        before = self.row(key) if key in self.values else None
        try:
            stored = self.do(self.vault.rotate(name, scope, SecretStr(value), ANN))
        except UnknownThing:
            assert before is None
        except ConfigurationInvalid:
            assert not self.is_whole(key)
        else:
            assert before is not None
            assert before == self.written[key]
            assert stored.base_url == before.credential.base_url
            assert stored.version == before.credential.version + 1
            self.remember(key, value)

    @rule(name=names, scope=scopes)
    def remove(self, name, scope):
        known = self.values.pop((name, scope), None)
        assert self.do(self.vault.remove(name, scope)) == (known is not None)

    @precondition(lambda self: self.values)
    @rule(data=st.data(), base_url=addresses, version=st.integers(1, 4))
    def change_the_facts_of_a_row(self, data, base_url, version):
        name, scope = data.draw(st.sampled_from(list(self.values)))
        row = self.row((name, scope))
        facts = replace(row.credential, base_url=base_url, version=version)
        self.table.rows[name, str(scope)] = replace(row, credential=facts)

    @precondition(lambda self: len(self.values) > 1)
    @rule(data=st.data(), parts=st.sampled_from(["both", "wrapped_key", "ciphertext"]))
    def put_what_another_row_seals_into_a_row(self, data, parts):
        one, other = data.draw(
            st.lists(st.sampled_from(list(self.values)), min_size=2, max_size=2, unique=True)
        )
        row, its = self.row(one), self.row(other)
        copied = ("wrapped_key", "ciphertext") if parts == "both" else (parts,)
        copies = {name: getattr(its, name) for name in copied}
        self.table.rows[one[0], str(one[1])] = replace(row, **copies)

    @invariant()
    def a_whole_row_opens_to_the_last_value_and_another_to_none(self):
        for key, value in self.values.items():
            facts = self.row(key).credential
            try:
                opened = self.do(self.vault.secret_for(facts)).get_secret_value()
            except ConfigurationInvalid as refused:
                opened, said = None, str(refused)
            else:
                said = ""
            assert opened == (value if self.is_whole(key) else None)
            assert "canaryq7" not in said

    @invariant()
    def the_list_is_of_what_is_there_and_shows_no_value(self):
        stored = self.do(self.vault.list())
        assert {(each.name, each.scope) for each in stored} == set(self.values)
        assert "canaryq7" not in repr(stored) + repr(self.table.rows)


TestVaultMachine = VaultMachine.TestCase
TestVaultMachine.settings = settings(max_examples=40, stateful_step_count=20, deadline=None)
