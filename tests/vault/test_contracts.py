"""Every vault and every table of sealed credentials does the same."""

import pytest

from callboard.stores.sqlite.store import SqliteEventStore
from callboard.testing.vault import (
    MemorySealedCredentials,
    MemoryVault,
    SealedCredentialsContract,
    VaultContract,
)
from callboard.vault.deployment_key import DeploymentKeys
from callboard.vault.key_places import KeyFile
from callboard.vault.sealed_vault import SealedVault

pytestmark = pytest.mark.anyio


@pytest.fixture
async def sqlite(tmp_path, anyio_backend):
    store = await SqliteEventStore.open(tmp_path / "callboard.db")
    yield store.credentials
    await store.close()


class TestMemorySealedCredentials(SealedCredentialsContract):
    @pytest.fixture
    def table(self):
        return MemorySealedCredentials()


class TestSqliteSealedCredentials(SealedCredentialsContract):
    @pytest.fixture
    def table(self, sqlite):
        return sqlite


class TestMemoryVault(VaultContract):
    @pytest.fixture
    def vault(self):
        return MemoryVault()


class TestSealedVault(VaultContract):
    @pytest.fixture
    def vault(self, open_vault):
        return open_vault()


class TestSealedVaultInTheDatabase(VaultContract):
    @pytest.fixture
    def vault(self, sqlite, clock, key_file):
        return SealedVault(sqlite, DeploymentKeys([KeyFile(key_file)]), clock)
