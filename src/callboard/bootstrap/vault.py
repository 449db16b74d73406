"""Where stored credentials are sealed."""

# ruff: noqa: PLC0415 - adapters are imported where they are built

from typing import TYPE_CHECKING

from callboard.settings import Settings

if TYPE_CHECKING:
    from callboard.ports.clock import Clock
    from callboard.ports.vault import SealedCredentials, Vault


def open_vault(settings: Settings, table: "SealedCredentials", clock: "Clock") -> "Vault":
    """Return the vault over the table of sealed credentials; its key is read when one is needed."""
    from callboard.vault.deployment_key import deployment_keys
    from callboard.vault.keyring_place import KeyringKey, system_keyring
    from callboard.vault.sealed_vault import SealedVault

    keyring = KeyringKey(system_keyring) if settings.keyring else None
    return SealedVault(
        table, deployment_keys(settings.home, settings.vault_key, keyring=keyring), clock
    )
