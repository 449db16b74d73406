"""Casting: which agents there are for a step, and what is known about each."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from callboard.domain.definition.agent import AgentDefinition
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

    async def take(self, definition: AgentDefinition, run_id: str) -> str:
        """Take what a run of an agent needs to begin: a place among those that may be under way. Return why there is
        none; nothing where it has it. Of several that ask at the same moment, no more get one than there are.
        """
        ...
