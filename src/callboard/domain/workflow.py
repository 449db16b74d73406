"""Workflows and tasks: steps that depend on one another, each owned by an agent, a skill or people."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from callboard.domain.evidence import Check
from callboard.domain.frozen import Frozen
from callboard.domain.text import Said

StepId = Annotated[str, Field(pattern=r"^[a-z0-9-]+$")]
Priority = Literal["low", "normal", "high", "urgent"]
Separation = Literal["agent", "model_family", "person"]
Landing = Literal["branch", "forge"]
Share = Annotated[float, Field(gt=0, le=1)]
Seconds = Annotated[float, Field(gt=0)]


class Condition(Frozen):
    """When a step is needed. Everything that is given must hold.

    `paths`: a changed file matches one of the globs. `labels`: the task has one of them. `priority`: the task's is
    one of them. `any`: one of these conditions holds. `none`: none of them does.
    """

    paths: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    priority: tuple[Priority, ...] = ()
    any: "tuple[Condition, ...]" = ()
    none: "tuple[Condition, ...]" = ()

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not any(getattr(self, name) for name in type(self).model_fields):
            raise ValueError("holds no condition; use paths, labels, priority, any or none")
        return self


class VerdictRule(Frozen):
    """How a reviewer's structured output decides its step: `field` must hold one of `accept`."""

    field: str = "verdict"
    accept: tuple[str, ...] = ("approve",)
    reason_field: str = "reason"


class SignOff(Frozen):
    """Who decides at a step of people: `count` different ones, of `people` or of those who hold one of `roles` in
    the task's space (a higher role will do).
    """

    count: Annotated[int, Field(ge=1, le=20)] = 1
    people: tuple[str, ...] = ()
    roles: tuple[Literal["viewer", "contributor", "maintainer", "admin", "owner"], ...] = ()

    @model_validator(mode="after")
    def _can_be_met(self) -> Self:
        if self.people and not self.roles and len(set(self.people)) < self.count:
            raise ValueError(f"asks for {self.count} people and names {len(set(self.people))}")
        return self


class AnyStep(Frozen):
    """What every step has.

    `needs` are the steps that must be passed (or not be needed) before this one; None: the one before it in the
    file. `on_reject` names the step that gets the work back; without it a rejected step is its own target.
    `max_attempts` bounds how often the step starts, `timeout_s` how long one attempt takes. `separate` says in what
    whoever does this step must differ from the author of the work.
    """

    id: StepId
    title: Said
    needs: tuple[StepId, ...] | None = None
    when: Condition | None = None
    on_reject: StepId | None = None
    timeout_s: Seconds | None = None
    separate: tuple[Separation, ...] = ()


class AgentStep(AnyStep):
    """A step owned by an agent, or by whichever has the skills. `prefer` are agents that come first where several
    have them. `budget_share` is the part of the task's budget that one attempt may spend.
    """

    kind: Literal["agent"] = "agent"
    agent: str | None = None
    skills: tuple[Said, ...] = ()
    prefer: tuple[str, ...] = ()
    instructions: str = ""
    checks: tuple[Check, ...] = ()
    verdict: VerdictRule | None = None
    max_attempts: Annotated[int, Field(gt=0)] = 3
    budget_share: Share | None = None

    @model_validator(mode="after")
    def _has_an_owner(self) -> Self:
        if (self.agent is None) != bool(self.skills):
            raise ValueError("needs an owner: `agent`, or the `skills` that one must have")
        return self


class PeopleStep(AnyStep):
    """A step owned by people: the run waits at a gate until enough of them decided."""

    kind: Literal["people"] = "people"
    approvers: SignOff | None = None
    max_attempts: Annotated[int, Field(gt=0)] = 10


Step = Annotated[AgentStep | PeopleStep, Field(discriminator="kind")]


class WorkflowDefinition(Frozen):
    """Steps, and how they depend on one another: written in the order of a line where nothing else is said."""

    id: StepId
    title: Said
    description: str = ""
    steps: Annotated[tuple[Step, ...], Field(min_length=1)]


class ContextItem(Frozen):
    """Something to read before the work begins: a file of the repository, a link, or a text."""

    kind: Literal["file", "link", "text"]
    title: str = ""
    value: Annotated[str, Field(min_length=1, max_length=100_000)]


class Task(Frozen):
    """A unit of work: what is to be achieved, in the words of whoever asked, and when it is achieved."""

    title: Annotated[str, Field(min_length=1)]
    description: str = ""
    criteria: tuple[str, ...] = ()
    context: tuple[ContextItem, ...] = ()
    labels: tuple[str, ...] = ()
    priority: Priority = "normal"
