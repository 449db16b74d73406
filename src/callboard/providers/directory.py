"""Finds the provider for a definition: by name, else by the shape of the model string."""

from collections.abc import Mapping

from callboard.domain.credential import Credential, provider_named
from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.errors import ConfigurationInvalid, KeyMissing
from callboard.ports.model import ModelProvider
from callboard.ports.vault import Vault
from callboard.providers.credentialed import CredentialedProvider
from callboard.providers.endpoints import VENDORS, Endpoint, build_provider
from callboard.providers.pydantic_ai.provider import PydanticAIProvider
from callboard.providers.stored_keys import StoredKeys
from callboard.providers.wire.transport import HttpTransport

SELF_HOSTED = "self-hosted"


class ProviderDirectory:
    """The providers of one process; implements `ModelDirectory`.

    A definition's `provider` decides. Without one, `scripted/<name>` goes to the scripted model and
    `vendor/model` to OpenRouter. `self-hosted` goes to the address that the definition names, without any
    key but one that was stored for this very address: whoever writes a definition must not be able to have
    one sent to an address of their choice. Stored keys come before configured ones.

    Args:
        providers: by name: endpoints to be reached over HTTP, or providers as they are (`scripted`).
        transport: shared by all of them; default: one of its own.
        vault: what is stored; default: nothing.
    """

    def __init__(
        self,
        providers: Mapping[str, Endpoint | ModelProvider],
        transport: HttpTransport | None = None,
        *,
        vault: Vault | None = None,
    ) -> None:
        self._configured = dict(providers)
        self._transport = transport or HttpTransport()
        self._keys = StoredKeys(vault)
        # By provider, credential and address; beside each the endpoint that it was built for.
        self._built: dict[tuple[str, str, str], tuple[Endpoint, ModelProvider]] = {}
        self._pydantic_ai: ModelProvider | None = None

    async def provider_for(
        self, definition: AgentDefinition, model: str, *, space: str = ""
    ) -> ModelProvider:
        """Return the provider that serves `model` for this definition: the same one as long as neither its
        address nor its key changes.

        Raises:
            ConfigurationInvalid: no such provider, or its key is missing or cannot be opened; says which and
                how to set it.
        """
        found = self._found(definition, model)
        if not isinstance(found, Endpoint):
            return found
        endpoint, credential = await self._keys.applied(found, definition, space)
        self._check(endpoint, definition)
        return self._kept(endpoint, credential)

    async def close(self) -> None:
        """Close the pooled connections."""
        await self._transport.close()

    def _found(self, definition: AgentDefinition, model: str) -> Endpoint | ModelProvider:
        named = definition.provider
        if definition.base_url is not None or (named or "").lower() == SELF_HOSTED:
            return _self_hosted(definition)
        name = provider_named(named) if named else _implied(model)
        if named and named in self._configured:
            name = named
        if name in self._configured:
            return self._configured[name]
        if name == "pydantic-ai":
            return self._pydantic(definition)
        if name == "scripted":
            raise ConfigurationInvalid("No scripted models are configured.")
        return Endpoint(name)

    def _pydantic(self, definition: AgentDefinition) -> ModelProvider:
        if definition.credential is not None:
            raise ConfigurationInvalid(
                f"agent {definition.id}: pydantic-ai takes its keys from the environment only; leave `credential`"
                " out, or name the vendor itself in `provider`"
            )
        self._pydantic_ai = self._pydantic_ai or PydanticAIProvider()
        return self._pydantic_ai

    def _check(self, endpoint: Endpoint, definition: AgentDefinition) -> None:
        """Refuse an endpoint that cannot be asked."""
        vendor = VENDORS.get(endpoint.name)
        if vendor is not None and not _has_key(endpoint):
            raise KeyMissing(
                f"agent {definition.id} needs a key for {vendor.title}: set {vendor.key_variable} in the"
                f" environment, or store it: `callboard credentials set {endpoint.name} --provider"
                f" {endpoint.name}`"
            )
        if vendor is not None or endpoint.base_url or endpoint.name in self._configured:
            return
        if endpoint.name == SELF_HOSTED:
            raise ConfigurationInvalid(
                f"Agent {definition.id}: `provider: self-hosted` needs baseUrl, like http://localhost:8000/v1, or"
                " a stored credential with an address."
            )
        known = sorted({*self._configured, *VENDORS, "scripted", "pydantic-ai"})
        raise ConfigurationInvalid(
            f"No provider {endpoint.name!r} is configured. Known: {', '.join(known)}."
        )

    def _kept(self, endpoint: Endpoint, credential: Credential | None) -> ModelProvider:
        """Return a provider that is built once for an address and a key; one for a former key is let go."""
        place = (endpoint.name, str(credential or ""), endpoint.base_url or "")
        kept = self._built.get(place)
        if kept is None or kept[0] != endpoint:
            try:
                built = build_provider(endpoint, self._transport)
            except ValueError as error:
                raise ConfigurationInvalid(str(error)) from None
            if credential is not None:
                built = CredentialedProvider(built, credential)
            kept = self._built[place] = endpoint, built
        return kept[1]


def _self_hosted(definition: AgentDefinition) -> Endpoint:
    if (definition.provider or "").lower() != SELF_HOSTED:
        raise ConfigurationInvalid(
            f"Agent {definition.id}: baseUrl goes with `provider: self-hosted` only; to reach a vendor at"
            " another address set its variable, like OPENAI_BASE_URL."
        )
    url = definition.base_url
    if url is not None and not url.startswith(("http://", "https://")):
        raise ConfigurationInvalid(
            f"Agent {definition.id}: `provider: self-hosted` needs a baseUrl like http://localhost:8000/v1."
        )
    return Endpoint(SELF_HOSTED, base_url=None if url is None else url.rstrip("/"))


def _implied(model: str) -> str:
    vendor, slash, rest = model.partition("/")
    if not (vendor and slash and rest):
        raise ConfigurationInvalid(
            f"The model {model!r} does not say who serves it. Write vendor/model, or set the"
            " definition's provider."
        )
    return "scripted" if vendor == "scripted" else "openrouter"


def _has_key(endpoint: Endpoint) -> bool:
    key = endpoint.api_key
    return bool(endpoint.headers) or (key is not None and key.get_secret_value() != "")
