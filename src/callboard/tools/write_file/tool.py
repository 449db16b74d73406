"""write_file: a whole file."""

import asyncio
import re
from typing import Annotated

from pydantic import AliasChoices, Field

from callboard.domain.tool import ToolFacts
from callboard.ports.tools import ToolContext, ToolOutcome
from callboard.ports.workspace import FileRefused, Files
from callboard.tools.arguments import Arguments
from callboard.tools.outcomes import failure, success
from callboard.tools.paths import encode, is_writable_text, like, read_text, unix_lines
from callboard.tools.typed import TypedTool

_FENCED = re.compile(r"\s*(?P<fence>`{3,})[^\n`]*\n(?P<content>.*?\n?)(?P=fence)\s*", re.DOTALL)


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
    if not is_writable_text(arguments.content):
        message = "The content has a lone surrogate, which no file can hold; write it differently."
        return failure(message, file=arguments.path)
    return await asyncio.to_thread(_write, arguments, context.workspace.files)


def _write(arguments: WriteFile, files: Files) -> ToolOutcome:
    path, content = arguments.path, arguments.content.removeprefix("\n")
    try:
        old = _old_content(files, path)
        content = unfenced(content) if old is None else like(old, content)
        if old is not None and unix_lines(old) == unix_lines(content):
            return failure("The new content was the same as the old content, skipping.", file=path)
        is_new = files.write(path, encode(content))
    except FileRefused as refused:
        return failure(f"Failed to write to file: {refused}", file=path)
    done = "Created file successfully." if is_new else "Overwrote file successfully."
    return success({"file": path, "message": done})


def _old_content(files: Files, path: str) -> str | None:
    """Return the present content, None where there is no file, and "" where it is not text."""
    try:
        return read_text(files, path)
    except FileRefused as refused:
        if refused.reason == "missing":
            return None
        if refused.reason in {"not_text", "too_large"}:
            return ""
        raise


def unfenced(content: str) -> str:
    """Return what is in a code fence, if the fence is all there is."""
    match = _FENCED.fullmatch(content)
    if match is None or match["fence"] in match["content"]:
        return content
    return match["content"]


TOOL = TypedTool(
    "write_file", WriteFile, ToolFacts(access="write", retry_safety="idempotent"), write_file
)
