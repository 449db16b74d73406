"""compact_history: a long conversation becomes a summary of itself. The engine answers it."""

from typing import Annotated

from pydantic import Field

from callboard.domain.tool import ToolFacts
from callboard.tools.arguments import Arguments
from callboard.tools.typed import TypedTool


class CompactHistory(Arguments):
    """Input of compact_history: how long, in tokens, a conversation may be before it is summarised."""

    maxContextLength: Annotated[int, Field(ge=0)] | None = None  # noqa: N815 - the language's spelling


TOOL = TypedTool(
    "compact_history", CompactHistory, ToolFacts(access="control", retry_safety="pure")
)
