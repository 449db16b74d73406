"""A tool that does next to nothing, made once as ours are, and a catalogue of it alone."""

from callboard.domain.message import JsonObject
from callboard.domain.tool import ToolFacts, ToolSpec, json_outputs
from callboard.ports.tools import ArgumentsInvalid, ToolContext, ToolOutcome

_SCHEMA: JsonObject = {
    "type": "object",
    "properties": {"path": {"type": "string"}, "text": {"type": "string"}},
    "required": ["path"],
}


class Look:
    """The tool, as ours are."""

    spec = ToolSpec(name="look", description="look a file", input_schema=_SCHEMA)
    facts = ToolFacts(access="read", retry_safety="pure")

    def normalise(self, arguments: JsonObject) -> JsonObject:
        """Check that there is a path."""
        if not isinstance(arguments.get("path"), str):
            raise ArgumentsInvalid("path: expected a string")
        return arguments

    async def run(self, arguments: JsonObject, context: ToolContext) -> ToolOutcome:
        """Say that nothing is there."""
        del context
        return ToolOutcome(json_outputs({str(arguments["path"]): None}))


class OneTool:
    """A catalogue of one such tool."""

    def __init__(self, tool: Look | None = None) -> None:
        self._tool = tool or Look()

    def get(self, name: str) -> Look | None:
        """Return it by its name."""
        return self._tool if name == "look" else None

    def names(self) -> tuple[str, ...]:
        """Return its name."""
        return ("look",)
