"""Casting: which agents there are for a step, and what is known about each."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from callboard.domain.definition.agent import AgentDefinition
from callboard.engine.pacing import Ask
from callboard.engine.tasks.routing import Candidate


@dataclass(frozen=True, slots=True)
class Part:
    """What is to be cast: a step of a workflow in a space, by the agent's name or by skills, for a task (its key, or
    its run where it has none).
    """

    space: str
    workflow: str
    step: str
    agent: str | None
    skills: tuple[str, ...]
    task: str = ""


class Casting(Protocol):
    """Knows who could play a part."""

    async def candidates(self, part: Part) -> Sequence[Candidate]:
        """Return the agents in scope that have the name, or all of the skills, whether or not they can work now."""
        ...

    async def agent_room(self, definition: AgentDefinition) -> Sequence[Ask]:
        """Return the room that a run of an agent takes while it is worked on: among the agent's runs, and among those
        on its provider; as far as either is bounded.
        """
        ...

    async def task_room(self, space: str) -> Sequence[Ask]:
        """Return the room that a task of a space takes while it is worked on, as far as that is bounded."""
        ...
