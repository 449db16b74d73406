"""think_deeply: a scratchpad. The call itself is the record."""

from typing import Annotated

from pydantic import Field

from callboard.domain.tool import ToolFacts
from callboard.tools.arguments import Arguments
from callboard.tools.typed import TypedTool


class ThinkDeeply(Arguments):
    """Input of think_deeply."""

    thought: Annotated[str, Field(min_length=1)]


TOOL = TypedTool("think_deeply", ThinkDeeply, ToolFacts(access="control", retry_safety="pure"))
