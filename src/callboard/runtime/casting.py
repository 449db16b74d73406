"""Casting a step: asking who could play it, and choosing."""

from callboard.domain.events.workflow import StepAssigned
from callboard.domain.task_run.fold import fold_task
from callboard.domain.task_run.state import TaskState
from callboard.domain.workflow import AgentStep
from callboard.engine.tasks.order import step_named
from callboard.engine.tasks.routing import Cast, cast_step
from callboard.ports.casting import Part
from callboard.runtime.ports import Ports
from callboard.runtime.run_log import load


async def cast(ports: Ports, state: TaskState, step: AgentStep, attempt: int) -> Cast:
    """Return who does an attempt of a step, or that nobody can now."""
    workflow = state.subject.workflow.id
    task = state.created.task or state.run_id
    part = Part(state.created.space, workflow, step.id, step.agent, step.skills, task)
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
