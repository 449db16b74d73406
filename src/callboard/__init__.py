"""Callboard: agents as roles on a team."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from callboard.domain.definition.agent import AgentDefinition
    from callboard.domain.definition.agent import AgentDefinition as Agent

__version__ = "0.1.0"

__all__ = ["Agent", "AgentDefinition", "__version__"]

_HOMES = {
    "Agent": ("callboard.domain.definition.agent", "AgentDefinition"),
    "AgentDefinition": ("callboard.domain.definition.agent", "AgentDefinition"),
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
