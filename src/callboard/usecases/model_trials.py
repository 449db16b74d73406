"""Trying models: one tiny request each, the way a run would send it."""

from collections.abc import Sequence
from dataclasses import dataclass

from callboard.domain.credential import provider_named
from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.definition.model_choice import ModelChoice
from callboard.domain.errors import CallboardError, ConfigurationInvalid, ModelError
from callboard.domain.message import user_message
from callboard.domain.org.principal import Principal, in_space
from callboard.ports.model import Delta, ModelAnswer, ModelRequest
from callboard.ports.model_facts import ModelFacts
from callboard.usecases.app import App, require
from callboard.usecases.models import placed, provider_of
from callboard.usecases.start_run import find_agent

_QUESTION = "Answer with the one word: ready"
_NONE = "none"
"""The model of a definition in whose name others are asked."""

_MOST_TOKENS = 256
"""Enough for models that think before they answer."""


@dataclass(frozen=True, slots=True)
class Trial:
    """Which models to try: a model, an alias, a chain, all that are named for a provider, or an agent's; with the
    credentials of a space where one is named.
    """

    model: str | None = None
    provider: str | None = None
    agent: str | None = None
    space: str = ""


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of one request: an answer after `latency_ms`, or why there is none.

    `reason` is one of `ModelError`'s, or the code of a configuration error.
    """

    model: str
    provider: str
    latency_ms: int = 0
    answer: ModelAnswer | None = None
    reason: str | None = None
    message: str = ""
    misconfigured: bool = False


async def try_models(
    app: App, who: Principal, trial: Trial, facts: ModelFacts
) -> tuple[Tried, ...]:
    """Ask each of the models once and return what came of it, in the order of the asking.

    Raises:
        ConfigurationInvalid: there is nothing to try, or a name stands for nothing.
        UnknownThing: no such agent.
    """
    require(who, "run.start", in_space(trial.space))
    for name, value in (("MODEL", trial.model), ("--provider", trial.provider)):
        if value is not None and not value.strip():
            raise ConfigurationInvalid(f"{name} is empty: name one, or leave it out")
    definition = await _asker(app, trial)
    choices = await _choices(app, trial, definition, facts)
    return tuple([await _tried(app, definition, choice, trial.space) for choice in choices])


async def _asker(app: App, trial: Trial) -> AgentDefinition:
    """Return the definition in whose name is asked: credentials may be an agent's own."""
    if trial.agent is not None:
        definition = await find_agent(app, trial.agent, trial.space)
        given = {"model": trial.model, "provider": trial.provider}
        told = {field: value for field, value in given.items() if value is not None}
        return definition.model_copy(update=told)
    return AgentDefinition(
        id="models-test",
        display_name="Models test",
        model=trial.model or _NONE,
        provider=trial.provider,
    )


async def _choices(
    app: App, trial: Trial, definition: AgentDefinition, facts: ModelFacts
) -> Sequence[ModelChoice]:
    if trial.model is not None or trial.agent is not None:
        chain = await app.ports.names.chain(definition)
        return chain or (ModelChoice(model=definition.model),)
    named = await app.ports.names.known()
    every = [*named.aliases.values(), *(one for chain in named.chains.values() for one in chain)]
    choices = list(dict.fromkeys(every))
    if trial.provider is None:
        if not choices:
            raise ConfigurationInvalid(
                "there is nothing to try: no alias and no chain is named in models.yaml. Name a MODEL, or"
                " --provider, or --agent"
            )
        return choices
    wanted = provider_named(trial.provider)
    theirs = [choice for choice in choices if provider_of(choice) == wanted]
    return theirs or (_small(wanted, facts),)


def _small(provider: str, facts: ModelFacts) -> ModelChoice:
    small = {one.name: one.small_model for one in facts.providers()}.get(provider)
    if small is None:
        raise ConfigurationInvalid(
            f"--provider {provider}: name a MODEL of it too, or an agent or alias that says where it is"
        )
    return ModelChoice(model=small, provider=provider)


async def _tried(app: App, definition: AgentDefinition, choice: ModelChoice, space: str) -> Tried:
    provider_name = provider_of(placed(choice, definition))
    asker = choice.applied_to(definition)
    clock = app.ports.clock
    began = clock.monotonic()
    try:
        provider = await app.ports.models.provider_for(asker, choice.model, space=space)
        began = clock.monotonic()
        answer = await provider.complete(_request(app, choice.model), _unseen)
    except ModelError as error:
        took = round((clock.monotonic() - began) * 1000)
        return Tried(choice.model, provider_name, took, reason=error.reason, message=str(error))
    except CallboardError as error:
        return Tried(
            choice.model,
            provider_name,
            reason=error.code,
            message=str(error),
            misconfigured=True,
        )
    took = round((clock.monotonic() - began) * 1000)
    return Tried(choice.model, provider_name, took, answer)


def _request(app: App, model: str) -> ModelRequest:
    return ModelRequest(
        conversation=f"models-test-{app.ids.run_id()}",
        model=model,
        system="",
        messages=(user_message(_QUESTION),),
        stable=0,
        max_output_tokens=_MOST_TOKENS,
    )


def _unseen(delta: Delta) -> None:
    """Nobody watches a trial."""
