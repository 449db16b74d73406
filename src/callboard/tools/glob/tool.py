"""glob: files by pattern."""

import asyncio
import re
from typing import Annotated

from pydantic import Field

from callboard.domain.tool import ToolFacts
from callboard.ports.tools import ToolContext, ToolOutcome
from callboard.ports.workspace import Files
from callboard.tools.arguments import Arguments
from callboard.tools.glob.pattern import compiled
from callboard.tools.outcomes import failure, success
from callboard.tools.paths import same_path
from callboard.tools.typed import TypedTool

MOST_FILES = 10_000


class Glob(Arguments):
    """Input of glob."""

    pattern: Annotated[str, Field(min_length=1, max_length=1000)]
    cwd: Annotated[str | None, Field(description="Directory to search in")] = None
    max_results: Annotated[int, Field(ge=1)] | None = None


async def glob(arguments: Glob, context: ToolContext) -> ToolOutcome:
    """Match the pattern against all files that are not ignored."""
    return await asyncio.to_thread(_glob, arguments, context.workspace.files)


def _glob(arguments: Glob, files: Files) -> ToolOutcome:
    try:
        pattern = compiled(arguments.pattern)
    except re.error as problem:
        return failure(f"The pattern {arguments.pattern!r} is not valid: {problem}.")
    paths = files.walk(limit=MOST_FILES)
    prefix = _prefix(arguments.cwd)
    found: list[str] = []
    for path in paths:
        inside = path.removeprefix(prefix) if path.startswith(prefix) else None
        if inside is not None and (pattern.fullmatch(inside) or pattern.fullmatch(path)):
            found.append(path)
    shown = found[: arguments.max_results]
    return success(
        {
            "files": list(shown),
            "count": len(found),
            "message": _message(
                arguments, len(found), len(shown), limited=len(paths) >= MOST_FILES
            ),
        }
    )


def _prefix(cwd: str | None) -> str:
    directory = same_path(cwd) if cwd else "."
    return "" if directory == "." else f"{directory}/"


def _message(arguments: Glob, count: int, shown: int, *, limited: bool) -> str:
    place = f' in directory "{arguments.cwd}"' if arguments.cwd else ""
    message = f'Found {count} file(s) matching pattern "{arguments.pattern}"{place}'
    if shown < count:
        message += f" (the first {shown} are listed)"
    if limited:
        message += f". Only the first {MOST_FILES} files of the project were looked at"
    return message


TOOL = TypedTool("glob", Glob, ToolFacts(access="read", retry_safety="pure"), glob)
