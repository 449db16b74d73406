"""Facts about the known vendors, and list prices of their models."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from callboard.domain.usage import Usage
from callboard.ports.model_facts import ListPrice, ProviderFacts
from callboard.providers.endpoints import VENDORS, Endpoint
from callboard.providers.gemini.model_facts import direct_name as gemini_name
from callboard.providers.messages.model_facts import direct_name as messages_name
from callboard.providers.prices import price_of

_SAMPLE: Final = 1_000
"""Few enough tokens for the price of an ordinary request: long ones are dearer at some vendors."""
_SMALL: Final[Mapping[str, str]] = {
    "openrouter": "google/gemini-2.5-flash-lite",
    "anthropic": "claude-haiku-4-5",
    "openai": "gpt-4.1-nano",
    "gemini": "gemini-2.5-flash-lite",
}


@dataclass(frozen=True, slots=True)
class VendorFacts:
    """`callboard.ports.model_facts.ModelFacts` about the vendors, as they are configured here."""

    configured: Mapping[str, Endpoint]

    def providers(self) -> tuple[ProviderFacts, ...]:
        """See `ModelFacts.providers`."""
        return (*(self._vendor(name) for name in VENDORS), _SELF_HOSTED)

    def _vendor(self, name: str) -> ProviderFacts:
        vendor, endpoint = VENDORS[name], self.configured.get(name)
        return ProviderFacts(
            name,
            vendor.title,
            (endpoint.base_url if endpoint else None) or vendor.base_url,
            vendor.key_variable,
            has_key=endpoint is not None and endpoint.api_key is not None,
            pricing="metered" if name == "openrouter" else "listed",
            small_model=_SMALL.get(name),
        )

    async def list_price(self, provider: str, model: str) -> ListPrice | None:
        """See `ModelFacts.list_price`."""
        if provider not in VENDORS:
            return None
        name, vendor = _own_name(provider, model), VENDORS[provider].price_list
        # The list takes a third of a second to import.
        price_in = await asyncio.to_thread(price_of, Usage(input_tokens=_SAMPLE), vendor, name)
        price_out = price_of(Usage(output_tokens=_SAMPLE), vendor, name)
        return (
            None
            if price_in is None or price_out is None
            else ListPrice(1_000 * price_in, 1_000 * price_out)
        )


def _own_name(provider: str, model: str) -> str:
    """Return a model as its vendor spells it."""
    match provider:
        case "anthropic":
            return messages_name(model)
        case "gemini":
            return gemini_name(model)
        case "openai":
            return model.removeprefix("openai/")
        case _:
            return model


_SELF_HOSTED: Final = ProviderFacts(
    "self-hosted", "a server of your own", None, None, has_key=False, pricing="none"
)
