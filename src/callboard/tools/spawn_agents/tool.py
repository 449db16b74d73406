"""spawn_agents: child runs. The engine starts them and waits."""

from typing import Annotated

from pydantic import Field, JsonValue

from callboard.domain.tool import ToolFacts
from callboard.tools.arguments import Arguments
from callboard.tools.typed import TypedTool


class AgentCall(Arguments):
    """One agent to start."""

    agent_type: Annotated[str, Field(min_length=1, description="The agent's id")]
    prompt: str | None = None
    params: dict[str, JsonValue] | None = None


class SpawnAgents(Arguments):
    """Input of spawn_agents."""

    agents: list[AgentCall]


TOOL = TypedTool("spawn_agents", SpawnAgents, ToolFacts(access="spawn", retry_safety="idempotent"))
