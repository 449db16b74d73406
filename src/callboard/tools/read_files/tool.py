"""read_files: the contents of files, within one budget."""

import asyncio
from typing import Annotated

from pydantic import Field

from callboard.domain.tool import ToolFacts
from callboard.ports.tools import ToolContext, ToolOutcome
from callboard.tools.arguments import Arguments
from callboard.tools.outcomes import success
from callboard.tools.reading import Window, read_windows
from callboard.tools.typed import TypedTool


class Part(Arguments):
    """Some lines of a file."""

    path: str
    offset: Annotated[int, Field(ge=1)] = 1
    limit: Annotated[int, Field(ge=1)] | None = None


class ReadFiles(Arguments):
    """Input of read_files."""

    paths: Annotated[list[str | Part], Field(description="Paths relative to the project's root")]


async def read_files(arguments: ReadFiles, context: ToolContext) -> ToolOutcome:
    """Read what is asked for."""
    windows = [
        Window(part) if isinstance(part, str) else Window(part.path, part.offset, part.limit)
        for part in arguments.paths
    ]
    return success(await asyncio.to_thread(read_windows, context.workspace.files, windows))


TOOL = TypedTool("read_files", ReadFiles, ToolFacts(access="read", retry_safety="pure"), read_files)
