"""propose_str_replace: what str_replace would do, without doing it."""

import asyncio

from callboard.domain.tool import ToolFacts
from callboard.ports.tools import ToolContext, ToolOutcome
from callboard.tools.proposals import REPLACE, propose, replaced
from callboard.tools.str_replace.tool import StrReplace
from callboard.tools.typed import TypedTool


async def propose_str_replace(arguments: StrReplace, context: ToolContext) -> ToolOutcome:
    """Show the difference that the replacements would make."""
    return await asyncio.to_thread(propose, arguments.path, replaced(arguments), context)


TOOL = TypedTool(
    REPLACE, StrReplace, ToolFacts(access="read", retry_safety="pure"), propose_str_replace
)
