"""Finds the provider for a definition: by name, else by the shape of the model string."""

from collections.abc import Mapping

from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.errors import ConfigurationInvalid
from callboard.ports.model import ModelProvider
from callboard.providers.endpoints import VENDORS, Endpoint, build_provider
from callboard.providers.pydantic_ai.provider import PydanticAIProvider
from callboard.providers.wire.transport import HttpTransport

SELF_HOSTED = "self-hosted"
_SAME = {"google": "gemini", "pydantic_ai": "pydantic-ai"}


class ProviderDirectory:
    """The providers of one process; implements `ModelDirectory`.

    A definition's `provider` decides. Without one, `scripted/<name>` goes to the scripted model and
    `vendor/model` to OpenRouter. `self-hosted` goes to the address that the definition names, without any
    key: whoever writes a definition must not be able to have one sent to an address of their choice.

    Args:
        providers: by name: endpoints to be reached over HTTP, or providers as they are (`scripted`).
        transport: shared by all of them; default: one of its own.
    """

    def __init__(
        self,
        providers: Mapping[str, Endpoint | ModelProvider],
        transport: HttpTransport | None = None,
    ) -> None:
        self._configured = dict(providers)
        self._transport = transport or HttpTransport()
        self._built: dict[str, ModelProvider] = {}

    def provider_for(self, definition: AgentDefinition, model: str) -> ModelProvider:
        """Return the provider that serves `model` for this definition.

        Raises:
            ConfigurationInvalid: no such provider, or its key is missing; says which and how to set it.
        """
        named = definition.provider
        if definition.base_url is not None or (named or "").lower() == SELF_HOSTED:
            return self._self_hosted(definition)
        name = _SAME.get(named.lower(), named.lower()) if named else _implied(model)
        if named and named in self._configured:
            name = named
        if name not in self._built:
            self._built[name] = self._build(name, definition)
        return self._built[name]

    async def close(self) -> None:
        """Close the pooled connections."""
        await self._transport.close()

    def _self_hosted(self, definition: AgentDefinition) -> ModelProvider:
        url = definition.base_url
        if (definition.provider or "").lower() != SELF_HOSTED:
            raise ConfigurationInvalid(
                f"Agent {definition.id}: baseUrl goes with `provider: self-hosted` only; to reach a vendor at"
                " another address set its variable, like OPENAI_BASE_URL."
            )
        if url is None or not url.startswith(("http://", "https://")):
            raise ConfigurationInvalid(
                f"Agent {definition.id}: `provider: self-hosted` needs baseUrl, like http://localhost:8000/v1."
            )
        key = f"{SELF_HOSTED} {url.rstrip('/')}"
        if key not in self._built:
            self._built[key] = build_provider(Endpoint(SELF_HOSTED, base_url=url), self._transport)
        return self._built[key]

    def _build(self, name: str, definition: AgentDefinition) -> ModelProvider:
        configured = self._configured.get(name)
        if configured is None:
            configured = self._unconfigured(name)
        if not isinstance(configured, Endpoint):
            return configured
        vendor = VENDORS.get(name)
        if vendor is not None and not _has_key(configured):
            raise ConfigurationInvalid(
                f"agent {definition.id} needs a key for {vendor.title}: set {vendor.key_variable} in the"
                " environment"
            )
        try:
            return build_provider(configured, self._transport)
        except ValueError as error:
            raise ConfigurationInvalid(str(error)) from None

    def _unconfigured(self, name: str) -> Endpoint | ModelProvider:
        if name in VENDORS:
            return Endpoint(name)
        if name == "pydantic-ai":
            return PydanticAIProvider()
        if name == "scripted":
            raise ConfigurationInvalid("No scripted models are configured.")
        known = sorted({*self._configured, *VENDORS, "scripted", "pydantic-ai"})
        raise ConfigurationInvalid(
            f"No provider {name!r} is configured. Known: {', '.join(known)}."
        )


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
