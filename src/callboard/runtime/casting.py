"""Casting from the definitions at hand: a folder's, the published ones, those that come with the product."""

from collections.abc import Sequence

from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.errors import ConfigurationInvalid
from callboard.domain.events.workflow import StepAssigned
from callboard.domain.task_run.fold import fold_task
from callboard.domain.task_run.state import TaskState
from callboard.domain.workflow import AgentStep
from callboard.engine.tasks.order import step_named
from callboard.engine.tasks.routing import Candidate, Cast, cast_step
from callboard.ports.casting import Part
from callboard.ports.model import ModelDirectory
from callboard.ports.registry import AgentRegistry
from callboard.runtime.ports import Ports
from callboard.runtime.run_log import load


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


async def cast(ports: Ports, state: TaskState, step: AgentStep, attempt: int) -> Cast:
    """Return who does an attempt of a step, or that nobody can now."""
    workflow = state.subject.workflow.id
    part = Part(state.created.space, workflow, step.id, step.agent, step.skills)
    return cast_step(state, step, attempt, await ports.casting.candidates(part))


async def can_be_cast(ports: Ports, run_id: str) -> bool:
    """Return whether there is somebody now for the step that a task waits for."""
    state = fold_task(await load(ports.store, run_id))
    progress = state.progress
    if progress is None or progress.postponed is None:
        return False
    step = step_named(state.subject.workflow, progress.step)
    if not isinstance(step, AgentStep):
        return False
    return isinstance(await cast(ports, state, step, progress.attempt), StepAssigned)
