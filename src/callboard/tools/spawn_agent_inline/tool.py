"""spawn_agent_inline: a child that works on this very conversation. The engine starts it and waits."""

from typing import Annotated

from pydantic import Field, JsonValue

from callboard.domain.tool import ToolFacts
from callboard.tools.arguments import Arguments
from callboard.tools.typed import TypedTool


class SpawnAgentInline(Arguments):
    """Input of spawn_agent_inline."""

    agent_type: Annotated[str, Field(min_length=1, description="The agent's id")]
    prompt: str | None = None
    params: dict[str, JsonValue] | None = None


TOOL = TypedTool(
    "spawn_agent_inline", SpawnAgentInline, ToolFacts(access="spawn", retry_safety="idempotent")
)
