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
    """The model: what was ever sealed for which facts. Anything else opens to nothing; a former row that
    somebody brings back opens to its own former value, and goes to its own former address.
    """

    def __init__(self):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.runner = asyncio.Runner()
        self.table = MemorySealedCredentials()
        self.clock = FakeClock()
        self.present = set()
        self.ever = {}
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
        return self.table.rows[key[0], str(key[1])]

    def sealed(self, key):
        """What is sealed, and the facts that are sealed with it."""
        row = self.row(key)
        facts = row.credential
        bound = (facts.name, facts.scope, facts.provider, facts.base_url, facts.version)
        return (*bound, row.wrapped_key, row.ciphertext)

    def remember(self, key, value):
        self.present.add(key)
        self.ever[self.sealed(key)] = value

    @rule()
    def reopen(self):
        """Another process, with the same key."""
        keys = DeploymentKeys([KeyFile(Path(self.folder.name, "vault.key"))])
        self.vault = SealedVault(self.table, keys, self.clock)

    @rule(name=names, scope=scopes, base_url=addresses)
    def store(self, name, scope, base_url):
        value, key = self.new_value(), (name, scope)
        version = self.row(key).credential.version + 1 if key in self.present else 1
        grant = Grant(name, scope, "openai", base_url)
        stored = self.do(self.vault.set(grant, SecretStr(value), ANN))
        assert (stored.version, stored.base_url) == (version, base_url)
        self.remember(key, value)

    @rule(name=names, scope=scopes)
    def rotate(self, name, scope):
        value, key = self.new_value(), (name, scope)
        before = self.sealed(key) if key in self.present else None
        try:
            stored = self.do(self.vault.rotate(name, scope, SecretStr(value), ANN))
        except UnknownThing:
            assert before is None
        except ConfigurationInvalid:
            assert before not in self.ever
        else:
            assert before is not None
            assert before in self.ever
            assert (stored.base_url, stored.version - 1) == before[3:5]
            self.remember(key, value)

    @rule(name=names, scope=scopes)
    def remove(self, name, scope):
        assert self.do(self.vault.remove(name, scope)) == ((name, scope) in self.present)
        self.present.discard((name, scope))

    @precondition(lambda self: self.present)
    @rule(data=st.data(), base_url=addresses, version=st.integers(1, 4))
    def change_the_facts_of_a_row(self, data, base_url, version):
        name, scope = data.draw(st.sampled_from(sorted(self.present, key=str)))
        row = self.row((name, scope))
        facts = replace(row.credential, base_url=base_url, version=version)
        self.table.rows[name, str(scope)] = replace(row, credential=facts)

    @precondition(lambda self: len(self.present) > 1)
    @rule(data=st.data(), parts=st.sampled_from(["both", "wrapped_key", "ciphertext"]))
    def put_what_another_row_seals_into_a_row(self, data, parts):
        one, other = data.draw(
            st.lists(
                st.sampled_from(sorted(self.present, key=str)), min_size=2, max_size=2, unique=True
            )
        )
        row, its = self.row(one), self.row(other)
        copied = ("wrapped_key", "ciphertext") if parts == "both" else (parts,)
        copies = {name: getattr(its, name) for name in copied}
        self.table.rows[one[0], str(one[1])] = replace(row, **copies)

    @invariant()
    def a_row_opens_to_what_was_sealed_for_its_facts_and_otherwise_to_nothing(self):
        for key in self.present:
            try:
                opened = self.do(self.vault.secret_for(self.row(key).credential))
            except ConfigurationInvalid as refused:
                opened, said = None, str(refused)
            else:
                opened, said = opened.get_secret_value(), ""
            assert opened == self.ever.get(self.sealed(key))
            assert "canaryq7" not in said

    @invariant()
    def the_list_is_of_what_is_there_and_shows_no_value(self):
        stored = self.do(self.vault.list())
        assert {(each.name, each.scope) for each in stored} == self.present
        assert "canaryq7" not in repr(stored) + repr(self.table.rows)


TestVaultMachine = VaultMachine.TestCase
TestVaultMachine.settings = settings(max_examples=40, stateful_step_count=20, deadline=None)
