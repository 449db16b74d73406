"""Puts the key of a stored credential to the endpoint that it is for."""

from collections.abc import Sequence
from dataclasses import replace

from callboard.domain.credential import Credential, provider_named
from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.errors import ConfigurationInvalid
from callboard.engine.credentials import asker_of, for_provider, named
from callboard.ports.vault import Vault
from callboard.providers.endpoints import Endpoint


class StoredKeys:
    """What the vault has for the endpoints of definitions.

    A key goes to the address that it was stored with, else to the configured or the provider's own one. The
    address that a definition names gets it only where it was stored for that very address.
    """

    def __init__(self, vault: Vault | None) -> None:
        self._vault = vault

    async def applied(
        self, endpoint: Endpoint, definition: AgentDefinition, space: str = ""
    ) -> tuple[Endpoint, Credential | None]:
        """Return the endpoint with the key that is stored for this definition in a space (empty: in none), and which
        one that is; the endpoint as it is where none applies.

        Raises:
            ConfigurationInvalid: the credential that the definition names is not there, or is for something
                else; several apply; or the one that applies cannot be opened.
        """
        stored = () if self._vault is None else await self._vault.list()
        found = _chosen(stored, endpoint, definition, space)
        if found is None or self._vault is None:
            return endpoint, None
        secret = await self._vault.secret_for(found)
        if found.base_url is None:
            return replace(endpoint, api_key=secret), found
        # Headers that were configured for another address stay at home as well.
        return replace(endpoint, api_key=secret, base_url=found.base_url, headers={}), found


def _chosen(
    stored: Sequence[Credential], endpoint: Endpoint, definition: AgentDefinition, space: str
) -> Credential | None:
    if not stored and definition.credential is None:
        return None
    asker, provider = asker_of(definition, space or None), provider_named(endpoint.name)
    if definition.credential is not None:
        found = named(stored, definition.credential, asker)
        _check(found, provider, definition)
        return found
    if definition.base_url is not None:
        stored = [each for each in stored if _same(each.base_url, definition.base_url)]
    return for_provider(stored, provider, asker)


def _check(found: Credential, provider: str, definition: AgentDefinition) -> None:
    if found.provider != provider:
        raise ConfigurationInvalid(
            f"agent {definition.id}: the credential {found} is for {found.provider}, and the model is asked at"
            f" {provider}; set `provider: {found.provider}`, or name a credential for {provider}"
        )
    if definition.base_url is not None and not _same(found.base_url, definition.base_url):
        raise ConfigurationInvalid(
            f"agent {definition.id}: the credential {found} is not sent to {definition.base_url}, which the"
            f" definition names; it is for {found.base_url or 'no address'}. Leave baseUrl out, or store a"
            f" credential with `--base-url {definition.base_url}`"
        )


def _same(one: str | None, other: str) -> bool:
    return one is not None and one.rstrip("/") == other.rstrip("/")
