"""find_files: the files that a description is about."""

import asyncio
from contextlib import suppress
from typing import Annotated

from pydantic import Field

from callboard.domain.tool import ToolFacts
from callboard.ports.tools import ToolContext, ToolOutcome
from callboard.ports.workspace import FileRefused, Files
from callboard.tools.arguments import Arguments
from callboard.tools.code_map.project import map_files
from callboard.tools.find_files.ranking import Document, rank
from callboard.tools.outcomes import success
from callboard.tools.paths import read_text
from callboard.tools.reading import Window, read_windows
from callboard.tools.typed import TypedTool

MOST_FOUND = 12
_MOST_FILES = 10_000
_MOST_OPENED = 1500
_HEAD = 3000
_LARGEST_OPENED = 1_000_000


class FindFiles(Arguments):
    """Input of find_files."""

    prompt: Annotated[str, Field(min_length=1, description="What the files are about")]


async def find_files(arguments: FindFiles, context: ToolContext) -> ToolOutcome:
    """Rank all files and read the best."""
    return await asyncio.to_thread(_find, arguments.prompt, context.workspace.files)


def _find(prompt: str, files: Files) -> ToolOutcome:
    paths = files.walk(limit=_MOST_FILES)
    by_path = rank(prompt, [Document(path) for path in paths])
    opened = list(dict.fromkeys([*by_path, *paths]))[:_MOST_OPENED]
    known = map_files(files, opened)
    documents = [
        Document(path, _head(files, path), known.names.get(path, ()), _modified(files, path))
        for path in opened
    ]
    found = rank(prompt, documents)[:MOST_FOUND]
    if not found:
        return success({"message": f"No relevant files found for prompt: {prompt}"})
    return success(read_windows(files, [Window(path) for path in found]))


def _head(files: Files, path: str) -> str:
    with suppress(FileRefused):
        return read_text(files, path, max_bytes=_LARGEST_OPENED)[:_HEAD]
    return ""


def _modified(files: Files, path: str) -> float:
    with suppress(FileRefused):
        return files.modified(path)
    return 0.0


TOOL = TypedTool("find_files", FindFiles, ToolFacts(access="read", retry_safety="pure"), find_files)
