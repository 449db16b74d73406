"""What `decide_task` asks the runtime to do, beside the commands it shares with agent runs."""

from dataclasses import dataclass

from callboard.domain.definition.agent import AgentDefinition, Limits
from callboard.domain.workflow import AgentStep
from callboard.engine.commands import Append, CancelChildren, DriveChildren, RecordFiles, Rest, Wait


@dataclass(frozen=True, slots=True)
class AssignStep:
    """Find an agent for a step."""

    step: AgentStep
    attempt: int


@dataclass(frozen=True, slots=True)
class StartStepRun:
    """Create the child run in which a step's agent does its work, within `limits`."""

    step: AgentStep
    attempt: int
    prompt: str
    definition: AgentDefinition
    limits: Limits


@dataclass(frozen=True, slots=True)
class RunCheck:
    """Verify one of a step's checks."""

    step: AgentStep
    attempt: int
    index: int


@dataclass(frozen=True, slots=True)
class CommitChange:
    """Put the recorded tree on the task's branch as a commit."""

    tree: str
    message: str
    author: str


@dataclass(frozen=True, slots=True)
class LandChange:
    """Hand the committed change on to the forge."""

    branch: str
    title: str
    body: str


TaskCommand = (
    AssignStep
    | StartStepRun
    | RunCheck
    | CommitChange
    | LandChange
    | DriveChildren
    | CancelChildren
    | RecordFiles
    | Append
    | Wait
    | Rest
)
