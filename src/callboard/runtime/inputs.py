"""Whether what an agent is started with fits its inputSchema."""

from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.message import JsonObject
from callboard.ports.schemas import Schemas


def input_issues(
    schemas: Schemas, definition: AgentDefinition, prompt: str | None, params: JsonObject | None
) -> dict[str, tuple[str, ...]]:
    """Return what is wrong, under `prompt` and `params`, in this order; a part that fits is left out."""
    schema = definition.input_schema
    found: dict[str, tuple[str, ...]] = {}
    if schema is not None and schema.prompt is not None:
        found["prompt"] = schemas.issues(schema.prompt, prompt or "")
    if schema is not None and schema.params is not None:
        found["params"] = schemas.issues(schema.params, params or {})
    return {part: issues for part, issues in found.items() if issues}
