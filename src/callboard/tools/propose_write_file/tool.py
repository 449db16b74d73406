"""propose_write_file: what write_file would do, without doing it."""

import asyncio

from callboard.domain.tool import ToolFacts
from callboard.ports.tools import ToolContext, ToolOutcome
from callboard.tools.proposals import WRITE, propose, written
from callboard.tools.typed import TypedTool
from callboard.tools.write_file.tool import WriteFile


async def propose_write_file(arguments: WriteFile, context: ToolContext) -> ToolOutcome:
    """Show the difference that the content would make."""
    return await asyncio.to_thread(propose, arguments.path, written(arguments), context)


TOOL = TypedTool(
    WRITE, WriteFile, ToolFacts(access="read", retry_safety="pure"), propose_write_file
)
