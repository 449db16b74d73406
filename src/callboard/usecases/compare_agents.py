"""What is different between two definitions."""

import difflib
import json

from pydantic import JsonValue

from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.org.principal import Principal
from callboard.usecases.app import App, require
from callboard.usecases.start_run import find_agent


async def compare_agents(app: App, who: Principal, before: str, after: str) -> str:
    """Return a unified diff of two definitions in their normalised form, prompts line by line; nothing where
    they are the same.

    Raises:
        UnknownThing: one of them does not exist.
    """
    require(who, "agent.read")
    texts = [definition_lines(await find_agent(app, name)) for name in (before, after)]
    return "\n".join(difflib.unified_diff(*texts, fromfile=before, tofile=after, lineterm=""))


def definition_lines(definition: AgentDefinition) -> list[str]:
    """Return a definition in its normalised form as lines, prompts line by line."""
    fields: dict[str, JsonValue] = dict(definition.to_json())
    lines: list[str] = []
    for name, value in fields.items():
        if isinstance(value, str) and "\n" in value:
            lines += [f"{name}: |", *(f"  {line}" for line in value.splitlines())]
        else:
            text = json.dumps(value, indent=2, ensure_ascii=False)
            lines += f"{name}: {text}".splitlines()
    return lines
