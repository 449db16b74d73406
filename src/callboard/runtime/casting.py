"""Casting from the definitions at hand: a folder's, the published ones, those that come with the product."""

from collections.abc import Sequence

from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.errors import ConfigurationInvalid
from callboard.engine.tasks.routing import Candidate
from callboard.ports.casting import Part
from callboard.ports.model import ModelDirectory
from callboard.ports.registry import AgentRegistry


class RegistryCasting:
    """`callboard.ports.casting.Casting` where there is no roster: every definition may play."""

    def __init__(self, registry: AgentRegistry, models: ModelDirectory) -> None:
        self._registry = registry
        self._models = models

    async def candidates(self, part: Part) -> Sequence[Candidate]:
        """See `ports.casting.Casting`."""
        if part.agent is not None:
            named = await self._registry.get(part.agent)
            found = [] if named is None else [named]
        else:
            known = await self._registry.all()
            found = [one for one in known if set(part.skills) <= set(one.skills)]
        return [
            Candidate(one, one.version or one.digest[:12], await hindrance(self._models, one))
            for one in found
        ]


async def hindrance(models: ModelDirectory, definition: AgentDefinition) -> str:
    """Return why an agent's model cannot be asked; nothing where it can."""
    if definition.handle_steps is not None:  # a program may never ask the model
        return ""
    try:
        await models.provider_for(definition, definition.model)
    except ConfigurationInvalid as error:
        return str(error)
    return ""
