"""Short ways to write agents and what scripted models say."""

from callboard.domain.definition.agent import AgentDefinition
from callboard.testing.model import Script, ScriptedCall, ScriptedProvider, Turn


def call(tool: str, **arguments: object) -> ScriptedCall:
    return ScriptedCall.model_validate({"tool": tool, "arguments": arguments})


def agent(id_: str, *tools: str, **fields: object) -> AgentDefinition:
    return AgentDefinition.model_validate(
        {"id": id_, "display_name": id_.title(), "model": f"scripted/{id_}", "tool_names": tools}
        | fields
    )


def says(**turns: tuple[Turn, ...] | list[Turn]) -> ScriptedProvider:
    return ScriptedProvider({name: Script(turns=tuple(given)) for name, given in turns.items()})
