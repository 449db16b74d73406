"""What is known about model providers without asking one."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, Protocol

Pricing = Literal["metered", "listed", "none"]
"""How the cost of a call gets known: the provider says it, a price list does, or nobody."""


@dataclass(frozen=True, slots=True)
class ProviderFacts:
    """A provider that everybody can name.

    Attributes:
        name: what definitions say in `provider`.
        title: its name for people.
        base_url: where it is reached, as its own SDK takes it; None where that is said elsewhere.
        key_variable: the environment variable of its key; None where it takes no key from there.
        has_key: whether that variable is set.
        pricing: how the cost of a call gets known.
        small_model: a model of its own that is cheap to ask; None where it has none that everybody knows.
    """

    name: str
    title: str
    base_url: str | None
    key_variable: str | None
    has_key: bool
    pricing: Pricing
    small_model: str | None = None


@dataclass(frozen=True, slots=True)
class ListPrice:
    """US dollars for a million tokens."""

    input_usd: Decimal
    output_usd: Decimal


class ModelFacts(Protocol):
    """Facts about providers and models. No network."""

    def providers(self) -> tuple[ProviderFacts, ...]:
        """Return the providers that are known by name, the default one first."""
        ...

    async def list_price(self, provider: str, model: str) -> ListPrice | None:
        """Return what a model costs at a provider, or None where no list knows it."""
        ...
