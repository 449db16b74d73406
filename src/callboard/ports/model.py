"""Model providers: one streaming call, as pure data in and out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol, runtime_checkable

from callboard.domain.definition.agent import AgentDefinition, ReasoningOptions
from callboard.domain.definition.model_choice import ModelChoice
from callboard.domain.events.model_call import Finish
from callboard.domain.message import JsonObject, Message, Part
from callboard.domain.tool import ToolSpec
from callboard.domain.usage import Basis, Usage


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """One turn's request.

    `messages` grows only at its end from turn to turn, but for trailing messages that expire; the first
    `stable` of them will be there again, unchanged and identical as objects, in the next request of the
    same `conversation` (a run id), so that their encoding and the provider's prompt cache can be reused.
    """

    conversation: str
    model: str
    system: str
    messages: tuple[Message, ...]
    stable: int
    tools: tuple[ToolSpec, ...] = ()
    reasoning: ReasoningOptions | None = None
    provider_options: JsonObject | None = None
    max_output_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class TextDelta:
    """A piece of the answer's text, for people who watch; never stored."""

    text: str


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    """A piece of the model's thinking, for people who watch; never stored."""

    text: str


Delta = TextDelta | ReasoningDelta
OnDelta = Callable[[Delta], None]


@dataclass(frozen=True, slots=True)
class ModelAnswer:
    """A whole answer. Tool calls in `parts` have ids unique within it; `cost_usd` None means unknown.

    `market_usd` is what the call costs at the vendor's own prices where that is not what was paid. `basis` None:
    as `cost_usd` tells. `credential` names the stored key that was used.
    """

    parts: tuple[Part, ...]
    finish: Finish
    usage: Usage | None
    cost_usd: Decimal | None
    answered_by: str | None = None
    market_usd: Decimal | None = None
    basis: Basis | None = None
    credential: str | None = None

    @property
    def cost_basis(self) -> Basis:
        """How the cost is known."""
        if self.cost_usd is None:
            return "unknown"
        return self.basis or "metered"


class ModelProvider(Protocol):
    """One way to reach models."""

    async def complete(self, request: ModelRequest, on_delta: OnDelta) -> ModelAnswer:
        """Stream one answer, handing pieces to `on_delta` as they come, and return it whole.

        Makes exactly one attempt; retrying is the engine's decision.

        Raises:
            ModelError: the call failed; never with a key in its text.
        """
        ...


@runtime_checkable
class PricedProvider(Protocol):
    """A provider that can say beforehand what a call may cost."""

    async def ceiling_usd(
        self, model: str, *, input_tokens: int, output_tokens: int
    ) -> Decimal | None:
        """Return the most that a call of so many tokens costs, or None where no price is known."""
        ...


def key_name_of(provider: ModelProvider) -> str | None:
    """Return the name of the credential that a provider is asked with, where it says that it has a stored one: by an
    attribute `key_name`.
    """
    return getattr(provider, "key_name", None)


@dataclass(frozen=True, slots=True)
class NamedModels:
    """What names stand for, without their `alias/` and `chain/`; `places` are those where it is said."""

    aliases: Mapping[str, ModelChoice] = field(default_factory=dict[str, ModelChoice])
    chains: Mapping[str, tuple[ModelChoice, ...]] = field(
        default_factory=dict[str, tuple[ModelChoice, ...]]
    )
    places: tuple[str, ...] = ()


class ModelNames(Protocol):
    """What the names that a deployment gives to models and to chains of them stand for."""

    async def known(self) -> NamedModels:
        """Return all names.

        Raises:
            ConfigurationInvalid: the place where they are said cannot be read; names every problem.
        """
        ...

    async def chain(self, definition: AgentDefinition) -> tuple[ModelChoice, ...]:
        """Return the models that the definition's `model` stands for, the first to be asked first.

        Empty where it is no such name but a model itself.

        Raises:
            ConfigurationInvalid: it is such a name and nobody says what it stands for, or the place where it
                is said cannot be read.
        """
        ...


class ModelDirectory(Protocol):
    """Finds the provider for a definition."""

    async def provider_for(
        self, definition: AgentDefinition, model: str, *, space: str = ""
    ) -> ModelProvider:
        """Return the provider that serves `model` for this definition, with the credential that is nearest to it in
        this space.

        Raises:
            ConfigurationInvalid: no such provider, or its key is missing or cannot be opened; says which and
                how to set it.
        """
        ...

    async def close(self) -> None:
        """Close connections."""
        ...
