"""set_output: what the run hands over. The engine keeps it."""

from pydantic import ConfigDict

from callboard.domain.tool import ToolFacts
from callboard.tools.arguments import Arguments
from callboard.tools.typed import TypedTool


class SetOutput(Arguments):
    """Input of set_output: any object, often with `data` as its only key."""

    model_config = ConfigDict(
        extra="allow",
        frozen=True,
        json_schema_extra={"properties": {"data": {"description": "What to hand over"}}},
    )


TOOL = TypedTool("set_output", SetOutput, ToolFacts(access="control", retry_safety="pure"))
