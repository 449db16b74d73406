"""Which steps of a workflow an agent plays in: by its name, or because it has the skills."""

from collections.abc import Collection
from typing import Literal

from callboard.domain.definition.references import parse_reference
from callboard.domain.workflow import AgentStep, WorkflowDefinition

Way = Literal["named", "pinned", "skills"]


def ways_into(
    workflow: WorkflowDefinition, agent_id: str, skills: Collection[str]
) -> dict[str, Way]:
    """Return the steps that an agent plays in, each with why: it is `named`, `pinned` to one of its versions, or has
    the `skills`.
    """
    found: dict[str, Way] = {}
    for step in workflow.steps:
        if not isinstance(step, AgentStep):
            continue
        if step.agent is None:
            if set(step.skills) <= set(skills):
                found[step.id] = "skills"
            continue
        named = parse_reference(step.agent)
        if named is not None and named.publisher is None and named.id == agent_id:
            found[step.id] = "named" if named.version is None else "pinned"
    return found
