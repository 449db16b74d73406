"""list_directory: names in one directory."""

import asyncio
from typing import Annotated

from pydantic import Field

from callboard.domain.tool import ToolFacts
from callboard.ports.tools import ToolContext, ToolOutcome
from callboard.ports.workspace import FileRefused
from callboard.tools.arguments import Arguments
from callboard.tools.outcomes import failure, success
from callboard.tools.typed import TypedTool


class ListDirectory(Arguments):
    """Input of list_directory."""

    path: Annotated[str, Field(description="Relative to the project's root")] = ""


async def list_directory(arguments: ListDirectory, context: ToolContext) -> ToolOutcome:
    """List one directory."""
    try:
        listing = await asyncio.to_thread(context.workspace.files.list, arguments.path or ".")
    except FileRefused as refused:
        return failure(f"Failed to list directory: {refused}", path=arguments.path)
    return success(
        {
            "files": list(listing.files),
            "directories": list(listing.directories),
            "path": arguments.path,
        }
    )


TOOL = TypedTool(
    "list_directory",
    ListDirectory,
    ToolFacts(access="read", retry_safety="pure"),
    list_directory,
)
