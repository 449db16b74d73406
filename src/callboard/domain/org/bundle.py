"""A team as files: agents, workflows and roles to start from, and a lock that says what exactly they were."""

from dataclasses import dataclass, field
from typing import Literal

from pydantic import Field

from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.frozen import Frozen
from callboard.domain.org.roster import RosterState
from callboard.domain.workflow import WorkflowDefinition


class LockedAgent(Frozen):
    """An agent as it was: the version and its digest, where it played, and with which model and skills."""

    version: int
    digest: str
    state: RosterState = "draft"
    spaces: tuple[str, ...] | None = None
    at_once: int | None = None
    model: str = ""
    skills: tuple[str, ...] = ()


class LockedWorkflow(Frozen):
    """A workflow as it was: the live version, its digest, and whose it was (None: the organisation's)."""

    version: int
    digest: str
    space: str | None = None


class LockedTemplate(Frozen):
    """A role as it was kept: the digest of its definition and its example."""

    digest: str


class Lock(Frozen):
    """What was exported. `models` are all that the agents name."""

    format: Literal[1] = 1
    agents: dict[str, LockedAgent] = Field(default_factory=dict[str, LockedAgent])
    workflows: dict[str, LockedWorkflow] = Field(default_factory=dict[str, LockedWorkflow])
    templates: dict[str, LockedTemplate] = Field(default_factory=dict[str, LockedTemplate])
    models: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BundledTemplate:
    """A role to start from, with an example of a task for it."""

    definition: AgentDefinition
    task: str = ""


@dataclass(frozen=True, slots=True)
class Bundle:
    """Definitions by id, with the lock that came with them."""

    agents: dict[str, AgentDefinition] = field(default_factory=dict[str, AgentDefinition])
    workflows: dict[str, WorkflowDefinition] = field(default_factory=dict[str, WorkflowDefinition])
    lock: Lock = field(default_factory=Lock)
    templates: dict[str, BundledTemplate] = field(default_factory=dict[str, BundledTemplate])
