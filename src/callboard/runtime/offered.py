"""The tools of a run: what it may call, and what its model is told."""

from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.definition.references import parse_reference
from callboard.domain.errors import ConfigurationInvalid, DefinitionInvalid
from callboard.domain.message import JsonObject
from callboard.domain.run.state import RunState
from callboard.domain.tool import ToolSpec
from callboard.engine.permissions.ruling import never_permitted
from callboard.ports.registry import AgentRegistry
from callboard.runtime.ports import Ports


def offered_names(state: RunState) -> frozenset[str]:
    """Return the names of the tools that a run may call, as far as its definition and the rules say."""
    definition = state.subject.definition
    names = set(definition.tool_names)
    if definition.output_mode == "structured_output":
        names.add("set_output")
    return frozenset(name for name in names if not never_permitted(state.policy, name))


def told_names(state: RunState) -> tuple[str, ...]:
    """Return the names that the model is told, in an order that stays: the definition's, or, for the sake
    of the provider's prompt cache, the parent's.
    """
    if state.subject.tools is not None:
        return state.subject.tools
    names = offered_names(state)
    ordered = [name for name in state.subject.definition.tool_names if name in names]
    return tuple(dict.fromkeys([*ordered, *sorted(names)]))


async def told_tools(ports: Ports, state: RunState) -> tuple[ToolSpec, ...]:
    """Return the tools that the model is told about; agents that it may spawn are tools as well."""
    tools = (ports.tools.get(name) for name in told_names(state))
    specs = [tool.spec for tool in tools if tool is not None]
    if state.subject.tools is None and "spawn_agents" in offered_names(state):
        taken = {spec.name for spec in specs} | set(ports.tools.names())
        specs += await _agent_tools(ports.registry, state, taken)
    return tuple(specs)


async def _agent_tools(registry: AgentRegistry, state: RunState, taken: set[str]) -> list[ToolSpec]:
    specs: list[ToolSpec] = []
    for reference in state.subject.definition.spawnable_agents:
        parsed = parse_reference(reference)
        agent = await known_agent(registry, reference, state.created.space)
        if parsed is None or agent is None:
            continue
        name = parsed.id.replace("-", "_")
        if name not in taken:
            taken.add(name)
            said = agent.spawner_prompt or f"Spawn the {agent.display_name} agent"
            specs.append(ToolSpec(name=name, description=said, input_schema=_input_schema(agent)))
    return specs


async def known_agent(
    registry: AgentRegistry, reference: str, space: str
) -> AgentDefinition | None:
    """Return an agent as it is known in a space, or None where it is missing, broken or does not play."""
    try:
        return await registry.get(reference, space=space)
    except (DefinitionInvalid, ConfigurationInvalid):  # spawning it says what is wrong
        return None


def _input_schema(agent: AgentDefinition) -> JsonObject:
    given = agent.input_schema
    properties: JsonObject = {"prompt": {"type": "string"}}
    if given is not None and given.prompt is not None:
        properties["prompt"] = given.prompt
    if given is not None and given.params is not None:
        properties["params"] = given.params
    return {"type": "object", "properties": properties}
