"""Whether the models of an agent can be asked at all, before anything is begun."""

from collections.abc import Sequence

from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.definition.model_choice import ModelChoice
from callboard.domain.errors import KeyMissing
from callboard.usecases.app import App


async def require_provider(
    app: App, definition: AgentDefinition, chain: Sequence[ModelChoice] = (), space: str = ""
) -> None:
    """Refuse an agent whose model cannot be reached in a space, or none of the chain that its model stands for.

    One model of a chain may lack a key: the next is asked in its place, which is what a chain is for.

    Raises:
        ConfigurationInvalid: a provider is unknown or wrongly described.
        KeyMissing: there is no key for any of them.
    """
    choices = chain or (ModelChoice(model=definition.model),)
    missing: list[KeyMissing] = []
    for choice in choices:
        asker = choice.applied_to(definition)
        try:
            await app.ports.models.provider_for(asker, choice.model, space=space)
        except KeyMissing as lacking:
            missing.append(lacking)
    if len(missing) == len(choices):
        raise missing[0]
