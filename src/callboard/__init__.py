"""Callboard: agents as roles on a team."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from callboard.domain.definition.agent import (
        AgentDefinition,
        InputSchema,
        Limits,
        ReasoningOptions,
    )
    from callboard.domain.definition.agent import AgentDefinition as Agent
    from callboard.domain.definition.permissions import (
        Approvers,
        ArgumentCondition,
        PermissionRule,
    )
    from callboard.ports.tools import ToolContext
    from callboard.sdk.board import Callboard
    from callboard.sdk.results import RunFailed, RunResult
    from callboard.sdk.run import run, run_sync, stream
    from callboard.sdk.tools import tool
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

__version__ = "0.1.0"

__all__ = [
    "STEP",
    "STEP_ALL",
    "Agent",
    "AgentDefinition",
    "AgentState",
    "Approvers",
    "ArgumentCondition",
    "Callboard",
    "Context",
    "GenerateN",
    "InputSchema",
    "Limits",
    "Logger",
    "PermissionRule",
    "ReasoningOptions",
    "RunFailed",
    "RunResult",
    "StepResult",
    "StepText",
    "Steps",
    "ToolCall",
    "ToolContext",
    "__version__",
    "run",
    "run_sync",
    "stream",
    "tool",
]

_PERMISSIONS = "callboard.domain.definition.permissions"
_DEFINITION = "callboard.domain.definition.agent"
_HOMES = {
    "STEP": ("callboard.steps", "STEP"),
    "STEP_ALL": ("callboard.steps", "STEP_ALL"),
    "Agent": (_DEFINITION, "AgentDefinition"),
    "AgentDefinition": (_DEFINITION, "AgentDefinition"),
    "Approvers": (_PERMISSIONS, "Approvers"),
    "ArgumentCondition": (_PERMISSIONS, "ArgumentCondition"),
    "Callboard": ("callboard.sdk.board", "Callboard"),
    "GenerateN": ("callboard.steps", "GenerateN"),
    "InputSchema": (_DEFINITION, "InputSchema"),
    "Limits": (_DEFINITION, "Limits"),
    "PermissionRule": (_PERMISSIONS, "PermissionRule"),
    "ReasoningOptions": (_DEFINITION, "ReasoningOptions"),
    "RunFailed": ("callboard.sdk.results", "RunFailed"),
    "RunResult": ("callboard.sdk.results", "RunResult"),
    "StepText": ("callboard.steps", "StepText"),
    "AgentState": ("callboard.steps", "AgentState"),
    "Context": ("callboard.steps", "Context"),
    "Logger": ("callboard.steps", "Logger"),
    "StepResult": ("callboard.steps", "StepResult"),
    "Steps": ("callboard.steps", "Steps"),
    "ToolCall": ("callboard.steps", "ToolCall"),
    "ToolContext": ("callboard.ports.tools", "ToolContext"),
    "run": ("callboard.sdk.run", "run"),
    "run_sync": ("callboard.sdk.run", "run_sync"),
    "stream": ("callboard.sdk.run", "stream"),
    "tool": ("callboard.sdk.tools", "tool"),
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, attribute = _HOMES[name]
    value = getattr(import_module(module), attribute)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
