"""Casting a step: asking who could play it, and choosing."""

from collections.abc import Sequence
from dataclasses import replace

from callboard.domain.events.workflow import StepAssigned
from callboard.domain.task_run.fold import fold_task
from callboard.domain.task_run.state import TaskState
from callboard.domain.workflow import AgentStep
from callboard.engine.pacing import hindrance_of
from callboard.engine.tasks.order import step_named
from callboard.engine.tasks.routing import Candidate, Cast, cast_step
from callboard.engine.tasks.settling import attempt_run_id
from callboard.ports.casting import Part
from callboard.runtime.ports import Ports
from callboard.runtime.reading import load


async def cast(ports: Ports, state: TaskState, step: AgentStep, attempt: int) -> Cast:
    """Return who does an attempt of a step, with the room that its run needs; or that nobody can."""
    candidates = await _candidates(ports, state, step)
    run_id = attempt_run_id(state.run_id, step.id, attempt)
    while True:
        chosen = cast_step(state, step, attempt, candidates)
        if not isinstance(chosen, StepAssigned):
            return chosen
        full = await ports.slots.take(run_id, await ports.casting.agent_room(chosen.definition))
        if full is None:
            return chosen
        why = hindrance_of(full)
        candidates = [_hindered(one, chosen.agent, why) for one in candidates]


async def _candidates(ports: Ports, state: TaskState, step: AgentStep) -> Sequence[Candidate]:
    workflow = state.subject.workflow.id
    task = state.created.task or state.run_id
    part = Part(state.created.space, workflow, step.id, step.agent, step.skills, task)
    return await ports.casting.candidates(part)


def _hindered(one: Candidate, agent: str, why: str) -> Candidate:
    return replace(one, hindrance=why) if one.definition.id == agent else one


async def can_be_cast(ports: Ports, run_id: str) -> bool:
    """Return whether there is somebody now for the step that a task waits for."""
    state = fold_task(await load(ports.store, run_id))
    progress = state.progress
    if progress is None or progress.postponed is None:
        return False
    step = step_named(state.subject.workflow, progress.step)
    if not isinstance(step, AgentStep):
        return False
    found = cast_step(state, step, progress.attempt, await _candidates(ports, state, step))
    return isinstance(found, StepAssigned)
