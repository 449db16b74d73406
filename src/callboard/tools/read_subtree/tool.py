"""read_subtree: which files there are below a directory, and what they define."""

import asyncio
from typing import Annotated

from pydantic import Field, JsonValue

from callboard.domain.tool import ToolFacts
from callboard.engine.tokens import tokens_in
from callboard.ports.tools import ToolContext, ToolOutcome
from callboard.ports.workspace import Workspace
from callboard.tools.arguments import Arguments
from callboard.tools.code_map.project import CodeMap, map_files
from callboard.tools.outcomes import success
from callboard.tools.paths import same_path
from callboard.tools.read_subtree.printing import print_names, print_tree
from callboard.tools.typed import TypedTool

_MOST_FILES = 10_000


class ReadSubtree(Arguments):
    """Input of read_subtree."""

    paths: Annotated[
        list[str],
        Field(default_factory=list[str], description="Directories and files; none: all"),
    ]
    maxTokens: Annotated[  # noqa: N815 - the language's own spelling
        int, Field(ge=100, le=100_000, description="Length of the whole answer, roughly")
    ] = 4000


async def read_subtree(arguments: ReadSubtree, context: ToolContext) -> ToolOutcome:
    """Describe each path, within one budget for all."""
    return await asyncio.to_thread(_read, arguments, context.workspace)


def _read(arguments: ReadSubtree, workspace: Workspace) -> ToolOutcome:
    files = workspace.files.walk(limit=_MOST_FILES)
    asked = arguments.paths or ["."]
    found = {path: _below(files, _plain(path, workspace.root)) for path in asked}
    known = map_files(
        workspace.files, dict.fromkeys(file for below in found.values() for file in below)
    )
    rows: list[JsonValue] = []
    left = arguments.maxTokens
    for index, (path, below) in enumerate(found.items()):
        share = left // (len(found) - index)
        row, tokens = _row(path, _plain(path, workspace.root), below, known, share)
        left -= tokens
        rows.append({"path": path.rstrip("/") or path, **row})
    return success(rows)


def _row(
    given: str, path: str, below: list[str], known: CodeMap, most_tokens: int
) -> tuple[dict[str, JsonValue], int]:
    """Return what is said of a path, and how many tokens it takes."""
    if below == [path]:
        names, level = print_names(known.ranked(path), most_tokens=most_tokens)
        tokens = tokens_in(", ".join(names))
        facts: dict[str, JsonValue] = {"type": "file", "variables": list[JsonValue](names)}
        return {**facts, "tokenCount": tokens, "truncationLevel": level}, tokens
    if not below and path != ".":
        return {"errorMessage": f"Path not found or ignored: {given}"}, 0
    above = "" if path == "." else f"{path}/"
    tree = print_tree(below, above, known, most_tokens=most_tokens)
    facts = {"type": "directory", "printedTree": tree.text, "tokenCount": tree.tokens}
    return {**facts, "truncationLevel": tree.level}, tree.tokens


def _plain(path: str, root: str) -> str:
    """Return a path as the walk names it: relative, `.` for the root itself."""
    plain = same_path(path.rstrip("/") or ("/" if path else "."))
    return (
        same_path(plain[len(root) :].lstrip("/")) if f"{plain}/".startswith(f"{root}/") else plain
    )


def _below(files: tuple[str, ...], path: str) -> list[str]:
    if path == ".":
        return list(files)
    return [file for file in files if file == path or file.startswith(f"{path}/")]


TOOL = TypedTool(
    "read_subtree", ReadSubtree, ToolFacts(access="read", retry_safety="pure"), read_subtree
)
