import pytest

from callboard.testing.clock import FakeClock
from callboard.testing.vault import MemorySealedCredentials
from callboard.vault.deployment_key import DeploymentKeys
from callboard.vault.key_places import KeyFile
from callboard.vault.sealed_vault import SealedVault


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
def table():
    return MemorySealedCredentials()


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def key_file(tmp_path):
    return tmp_path / "vault.key"


@pytest.fixture
def open_vault(table, clock, key_file):
    """Opens the vault as another process would."""
    return lambda *places: SealedVault(table, DeploymentKeys(places or [KeyFile(key_file)]), clock)


@pytest.fixture
def vault(open_vault):
    return open_vault()
