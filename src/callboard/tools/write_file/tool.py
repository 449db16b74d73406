"""write_file: a whole file."""

import asyncio
from typing import Annotated

from pydantic import AliasChoices, Field

from callboard.domain.tool import ToolFacts
from callboard.ports.tools import ToolContext, ToolOutcome
from callboard.tools.arguments import Arguments
from callboard.tools.typed import TypedTool
from callboard.tools.write_file.writing import write_text


class WriteFile(Arguments):
    """Input of write_file."""

    path: Annotated[
        str,
        Field(min_length=1, validation_alias=AliasChoices("path", "file_path", "filePath")),
    ]
    instructions: Annotated[str, Field(description="One sentence: what the change is for")] = ""
    content: str


async def write_file(arguments: WriteFile, context: ToolContext) -> ToolOutcome:
    """Write the file; an existing one keeps its line ends."""
    return await asyncio.to_thread(
        write_text, context.workspace.files, arguments.path, arguments.content
    )


TOOL = TypedTool(
    "write_file", WriteFile, ToolFacts(access="write", retry_safety="idempotent"), write_file
)
