"""What an agent's rules come to, for tests of definitions."""

from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.definition.permissions import Effect
from callboard.domain.message import JsonObject
from callboard.domain.policy import Policy, PolicyLayer
from callboard.domain.tool import Source
from callboard.engine.permissions.ruling import Asked, ruling


def effect_of(
    definition: AgentDefinition,
    tool: str,
    arguments: JsonObject,
    *,
    read: frozenset[Source] = frozenset(),
    outside: bool = False,
) -> Effect:
    """Return what the definition's own rules say of a call: `allow`, `ask` or `deny`.

    `read` is what the run has read before, `outside` whether the call's effects may leave the workspace.
    """
    layer = PolicyLayer(level="agent", name=definition.id, rules=definition.permissions)
    asked = Asked(tool, arguments, read=read, outside=outside)
    return ruling(Policy((layer,)), asked).effect
