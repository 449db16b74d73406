"""The order of a workflow's steps: which ones a step needs, what a rejection undoes, which comes next."""

from collections.abc import Sequence
from typing import Literal

from callboard.domain.events.workflow import StepEnded, StepSkipped
from callboard.domain.workflow import AgentStep, PeopleStep, Step, WorkflowDefinition

Settled = Literal["passed", "skipped"]


def needs_of(workflow: WorkflowDefinition, step: Step) -> tuple[str, ...]:
    """Return the steps that a step needs: those it names, else the one before it."""
    if step.needs is not None:
        return step.needs
    ids = [one.id for one in workflow.steps]
    place = ids.index(step.id)
    return (ids[place - 1],) if place else ()


def dependents(workflow: WorkflowDefinition, step_id: str) -> frozenset[str]:
    """Return a step and every step that needs it, directly or not."""
    found = {step_id}
    while True:
        more = {
            step.id
            for step in workflow.steps
            if step.id not in found and not found.isdisjoint(needs_of(workflow, step))
        }
        if not more:
            return frozenset(found)
        found |= more


def circle(workflow: WorkflowDefinition) -> tuple[str, ...]:
    """Return steps that need one another in a circle, the first one again at the end; nothing where none do."""
    needs = {step.id: needs_of(workflow, step) for step in workflow.steps}
    done: set[str] = set()
    for start in needs:
        path: list[str] = []
        if found := _circle_from(start, needs, done, path):
            return found
    return ()


def _circle_from(
    start: str, needs: dict[str, tuple[str, ...]], done: set[str], path: list[str]
) -> tuple[str, ...]:
    todo: list[tuple[str, int]] = [(start, 0)]
    while todo:
        step, place = todo.pop()
        if place == 0:
            if step in path:
                return (*path[path.index(step) :], step)
            if step in done:
                continue
            path.append(step)
        following = needs.get(step, ())
        if place < len(following):
            todo += [(step, place + 1), (following[place], 0)]
        else:
            path.pop()
            done.add(step)
    return ()


def step_named(workflow: WorkflowDefinition, step_id: str) -> Step:
    """Return a step by its id."""
    return next(step for step in workflow.steps if step.id == step_id)


def target_of(step: Step) -> str:
    """Return the step that gets the work back when this one is rejected."""
    return step.on_reject or step.id


def settled(
    workflow: WorkflowDefinition, history: Sequence[StepEnded | StepSkipped]
) -> dict[str, Settled]:
    """Return the steps that are done as things stand: a rejection undoes its target and what needs that."""
    done: dict[str, Settled] = {}
    for event in history:
        if isinstance(event, StepSkipped):
            done[event.step] = "skipped"
        elif event.outcome == "passed":
            done[event.step] = "passed"
        else:
            target = target_of(step_named(workflow, event.step))
            for undone in (*dependents(workflow, target), event.step):
                done.pop(undone, None)
    return done


def next_step(
    workflow: WorkflowDefinition, history: Sequence[StepEnded | StepSkipped]
) -> Step | None:
    """Return the step to begin now: of those whose needs are met the first that an agent does, else the first of
    people. All steps of a task share one clone, so one works at a time; nobody is asked while an agent still can
    do something.
    """
    done = settled(workflow, history)
    ready = [
        step
        for step in workflow.steps
        if step.id not in done and all(needed in done for needed in needs_of(workflow, step))
    ]
    by_agents = [step for step in ready if isinstance(step, AgentStep)]
    by_people = [step for step in ready if isinstance(step, PeopleStep)]
    return next(iter(by_agents + by_people), None)
