"""The order of a workflow's steps: which ones a step needs, what a rejection undoes, which comes next."""

from collections.abc import Mapping, Sequence
from typing import Literal

from callboard.domain.events.workflow import StepEnded, StepSkipped
from callboard.domain.workflow import AgentStep, PeopleStep, Step, WorkflowDefinition

Settled = Literal["passed", "skipped"]


def needs_by_step(workflow: WorkflowDefinition) -> dict[str, tuple[str, ...]]:
    """Return for each step the steps that it needs: those it names, else the one before it. Of steps with the same id, which
    no valid workflow has, the first one counts.
    """
    found: dict[str, tuple[str, ...]] = {}
    before: tuple[str, ...] = ()
    for step in workflow.steps:
        found.setdefault(step.id, before if step.needs is None else step.needs)
        before = (step.id,)
    return found


def dependents(workflow: WorkflowDefinition, step_id: str) -> frozenset[str]:
    """Return a step and every step that needs it, directly or not."""
    needed_by: dict[str, list[str]] = {}
    for name, needed in needs_by_step(workflow).items():
        for one in needed:
            needed_by.setdefault(one, []).append(name)
    return _reached(step_id, needed_by)


def precedents(workflow: WorkflowDefinition, step_id: str) -> frozenset[str]:
    """Return a step and every step that it needs, directly or not."""
    return _reached(step_id, needs_by_step(workflow))


def _reached(start: str, following: Mapping[str, Sequence[str]]) -> frozenset[str]:
    found, todo = {start}, [start]
    while todo:
        more = [one for one in following.get(todo.pop(), ()) if one not in found]
        found.update(more)
        todo += more
    return frozenset(found)


def circle(workflow: WorkflowDefinition) -> tuple[str, ...]:
    """Return steps that need one another in a circle, the first one again at the end; nothing where none do."""
    needed = needs_by_step(workflow)
    done: set[str] = set()
    for start in needed:
        path: list[str] = []
        if found := _circle_from(start, needed, done, path):
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
    done, needed = settled(workflow, history), needs_by_step(workflow)
    ready = [
        step
        for step in workflow.steps
        if step.id not in done and all(one in done for one in needed[step.id])
    ]
    by_agents = [step for step in ready if isinstance(step, AgentStep)]
    by_people = [step for step in ready if isinstance(step, PeopleStep)]
    return next(iter(by_agents + by_people), None)
