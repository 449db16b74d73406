"""lookup_agent_info: what an agent is for and how it is started."""

from typing import Annotated

from pydantic import Field

from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.errors import DefinitionInvalid
from callboard.domain.message import JsonObject
from callboard.domain.tool import ToolFacts
from callboard.ports.tool_services import ToolServices
from callboard.ports.tools import ToolContext, ToolOutcome
from callboard.tools.arguments import Arguments
from callboard.tools.outcomes import failure, success
from callboard.tools.typed import TypedTool

_NOT_CONFIGURED = "There is no registry of agents here, so that none can be looked up."


class LookupAgentInfo(Arguments):
    """Input of lookup_agent_info."""

    agentId: Annotated[  # noqa: N815 - the language's own spelling
        str,
        Field(min_length=1, max_length=300, description="id, publisher/id or publisher/id@version"),
    ]


def make_tool(services: ToolServices) -> TypedTool[LookupAgentInfo]:
    """Return the tool; it asks `services.registry_lookup`."""

    async def lookup_agent_info(arguments: LookupAgentInfo, _: ToolContext) -> ToolOutcome:
        lookup = services.registry_lookup
        if lookup is None:
            return failure(_NOT_CONFIGURED)
        error = f"Agent '{arguments.agentId}' not found"
        try:
            agent = await lookup(arguments.agentId)
        except DefinitionInvalid as broken:
            agent, error = None, str(broken)
        if agent is None:
            return success({"found": False, "error": error})
        return success({"found": True, "agent": _described(agent)})

    return TypedTool(
        "lookup_agent_info",
        LookupAgentInfo,
        ToolFacts(access="read", retry_safety="pure"),
        lookup_agent_info,
    )


def _described(agent: AgentDefinition) -> JsonObject:
    """Return what one may know who wants to start the agent; its prompts and rights are its own matter."""
    fields = agent.to_json()
    publisher = f"{agent.publisher}/" if agent.publisher else ""
    version = f"@{agent.version}" if agent.version else ""
    shown = ("displayName", "spawnerPrompt", "model", "toolNames", "spawnableAgents", "outputMode")
    described: JsonObject = {"fullAgentId": f"{publisher}{agent.id}{version}", "id": agent.id}
    described.update({name: fields[name] for name in shown})
    for name in ("inputSchema", "outputSchema"):
        if fields[name] is not None:
            described[name] = fields[name]
    return described
