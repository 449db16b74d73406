"""Which models are in use here, under which names, and what it takes to ask them."""

from collections.abc import Sequence
from dataclasses import dataclass

from callboard.domain.credential import Credential
from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.definition.model_choice import ModelChoice
from callboard.domain.definition.serving import served_by
from callboard.domain.errors import ConfigurationInvalid
from callboard.domain.org.principal import Principal
from callboard.engine.authority import may
from callboard.ports.model_facts import ListPrice, ModelFacts, ProviderFacts
from callboard.usecases.app import App, require
from callboard.usecases.credentials import list_credentials
from callboard.usecases.roster_reading import list_roster

SELF_HOSTED = "self-hosted"


@dataclass(frozen=True, slots=True)
class ListedProvider:
    """A provider, and the names of the credentials that are stored for it."""

    facts: ProviderFacts
    stored: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ListedModel:
    """A model at a provider, its price where a list knows it, and who names it: agents, aliases, chains."""

    model: str
    provider: str
    base_url: str | None
    price: ListPrice | None
    named_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ListedModels:
    """All of it. `problems` are the names that stand for nothing."""

    providers: tuple[ListedProvider, ...]
    models: tuple[ListedModel, ...]
    problems: tuple[str, ...] = ()


async def list_models(app: App, who: Principal, facts: ModelFacts) -> ListedModels:
    """Return the providers that are known, and the models that agents, aliases and chains name.

    Raises:
        ConfigurationInvalid: what the names stand for cannot be read.
    """
    require(who, "agent.read")
    named = await app.ports.names.known()
    users: dict[ModelChoice, list[str]] = {}
    for name, choice in named.aliases.items():
        users.setdefault(choice, []).append(f"alias/{name}")
    for name, choices in named.chains.items():
        for choice in choices:
            users.setdefault(choice, []).append(f"chain/{name}")
    problems: list[str] = []
    roster = [one.version.definition for one in await list_roster(app, who)]
    for definition in (*await app.ports.registry.all(), *roster):
        try:
            chain = await app.ports.names.chain(definition)
        except ConfigurationInvalid as wrong:
            problems.append(str(wrong))
            continue
        for choice in chain or (as_named(definition),):
            users.setdefault(placed(choice, definition), []).append(definition.id)
    models = [await _listed(facts, choice, by) for choice, by in _together(users).items()]
    models.sort(key=lambda one: (one.provider, one.model, one.base_url or ""))
    stored = await list_credentials(app, who) if may(who, "credential.read") else ()
    return ListedModels(_providers(facts, stored), tuple(models), tuple(problems))


def as_named(definition: AgentDefinition) -> ModelChoice:
    """Return the model that a definition names, as a choice of its own."""
    if definition.provider is None:
        return ModelChoice(model=definition.model)
    return ModelChoice(
        model=definition.model,
        provider=definition.provider,
        base_url=definition.base_url,
        credential=definition.credential,
    )


def placed(choice: ModelChoice, definition: AgentDefinition) -> ModelChoice:
    """Return a choice with the definition's provider where it has none of its own."""
    if choice.provider is not None:
        return choice
    return as_named(definition.model_copy(update={"model": choice.model}))


def provider_of(choice: ModelChoice) -> str:
    """Return who serves a model: as it says, else as its shape tells."""
    return served_by(choice.provider, choice.model)


def _together(users: dict[ModelChoice, list[str]]) -> dict[ModelChoice, list[str]]:
    """Return the users by model and place, whatever credential each of them brings along."""
    together: dict[ModelChoice, list[str]] = {}
    for choice, names in users.items():
        place = ModelChoice(
            model=choice.model, provider=provider_of(choice), base_url=choice.base_url
        )
        together.setdefault(place, []).extend(names)
    return together


async def _listed(facts: ModelFacts, choice: ModelChoice, named_by: list[str]) -> ListedModel:
    provider = provider_of(choice)
    price = await facts.list_price(provider, choice.model)
    names = tuple(dict.fromkeys(named_by))
    return ListedModel(choice.model, provider, choice.base_url, price, names)


def _providers(facts: ModelFacts, stored: Sequence[Credential]) -> tuple[ListedProvider, ...]:
    known = facts.providers()
    return tuple(
        ListedProvider(one, tuple(_shown(each) for each in stored if each.provider == one.name))
        for one in known
    )


def _shown(credential: Credential) -> str:
    at = f" at {credential.base_url}" if credential.base_url else ""
    return f"{credential}{at}"
