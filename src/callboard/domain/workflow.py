"""Workflows and tasks: a line of steps, each owned by an agent or by people."""

from typing import Annotated, Literal

from pydantic import Field

from callboard.domain.frozen import Frozen

StepId = Annotated[str, Field(pattern=r"^[a-z0-9-]+$")]


class CommandCheck(Frozen):
    """A condition that the engine itself verifies: the command exits with `expect_exit`."""

    kind: Literal["command"] = "command"
    command: str
    timeout_s: Annotated[float, Field(gt=0)] = 600.0
    expect_exit: int = 0


class VerdictRule(Frozen):
    """How a reviewer's structured output decides its step: `field` must hold one of `accept`."""

    field: str = "verdict"
    accept: tuple[str, ...] = ("approve",)
    reason_field: str = "reason"


class AgentStep(Frozen):
    """A step owned by an agent. `on_reject` names the step that gets the work back.

    `max_attempts` bounds how often the step starts; without `on_reject` a rejected step is its own target.
    """

    kind: Literal["agent"] = "agent"
    id: StepId
    title: str
    agent: str
    checks: tuple[CommandCheck, ...] = ()
    verdict: VerdictRule | None = None
    on_reject: StepId | None = None
    max_attempts: Annotated[int, Field(gt=0)] = 3


class PeopleStep(Frozen):
    """A step owned by people: the run waits at a gate until somebody decides."""

    kind: Literal["people"] = "people"
    id: StepId
    title: str
    on_reject: StepId | None = None
    max_attempts: Annotated[int, Field(gt=0)] = 10


Step = Annotated[AgentStep | PeopleStep, Field(discriminator="kind")]


class WorkflowDefinition(Frozen):
    """Steps in the order in which a task goes through them."""

    id: StepId
    title: str
    steps: Annotated[tuple[Step, ...], Field(min_length=1)]


class Task(Frozen):
    """A unit of work: what is to be achieved, in the words of whoever asked."""

    title: Annotated[str, Field(min_length=1)]
    description: str = ""
