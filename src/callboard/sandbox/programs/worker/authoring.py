"""The module that `import callboard` gives to a definition file inside a worker.

Nothing is checked here: constructors only record what they are called with, and what they record is
checked where definitions are read.
"""

from typing import Any

from callboard.sandbox.programs.worker.record import Record
from callboard.steps import (
    STEP,
    STEP_ALL,
    AgentState,
    Context,
    GenerateN,
    Logger,
    StepResult,
    Steps,
    StepText,
    ToolCall,
)

__all__ = [
    "STEP",
    "STEP_ALL",
    "Agent",
    "AgentDefinition",
    "AgentState",
    "Approvers",
    "ArgumentCondition",
    "Context",
    "GenerateN",
    "InputSchema",
    "Limits",
    "Logger",
    "PermissionRule",
    "ReasoningOptions",
    "StepResult",
    "StepText",
    "Steps",
    "ToolCall",
]


class _Recorded(Record):
    """A constructor's keyword arguments."""

    def __init__(self, **fields: Any) -> None:
        super().__init__(fields)


class AgentDefinition(_Recorded):
    """A role on a team."""


class Limits(_Recorded):
    """Bounds of one run."""


class PermissionRule(_Recorded):
    """A rule on tools and their arguments."""


class ArgumentCondition(_Recorded):
    """A condition on one argument."""


class Approvers(_Recorded):
    """Who must approve."""


class InputSchema(_Recorded):
    """What an agent may be spawned with."""


class ReasoningOptions(_Recorded):
    """How much a model thinks."""


Agent = AgentDefinition
