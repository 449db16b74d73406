"""code_search: ripgrep, confined, with a safe choice of its options."""

import asyncio
from typing import Annotated

from pydantic import Field, field_validator

from callboard.domain.errors import UserMistake
from callboard.domain.tool import ToolFacts
from callboard.ports.tools import ToolContext, ToolOutcome
from callboard.ports.workspace import CommandResult, FileRefused, Files
from callboard.tools.arguments import Arguments
from callboard.tools.code_search.flags import parse
from callboard.tools.code_search.results import collect
from callboard.tools.outcomes import failure, success
from callboard.tools.paths import is_writable_text, same_path
from callboard.tools.typed import TypedTool

_TIMEOUT_S = 10.0
_ALWAYS = (
    *("--no-config", "--color=never", "--no-heading", "--with-filename", "--line-number", "--null"),
    *("--no-require-git", "--sort=path"),
    *("--max-columns=1000", "--max-columns-preview", "--max-filesize=10M"),
)
_LAST = ("--glob=!.git",)
_PATHS_ONLY = {"--files-with-matches", "--files-without-match"}
_HIDDEN_BUT_WANTED = (".agents", ".claude", ".github", ".gitlab", ".circleci", ".husky")
_LONGEST_PARTIAL = 1000


class CodeSearch(Arguments):
    """Input of code_search."""

    pattern: Annotated[str, Field(min_length=1, description="A regular expression")]
    flags: Annotated[str, Field(description="Options of ripgrep")] = ""
    cwd: Annotated[str | None, Field(description="Directory to search in")] = None
    maxResults: Annotated[  # noqa: N815 - the language's own spelling
        int, Field(ge=1, description="Matches per file")
    ] = 15

    @field_validator("flags")
    @classmethod
    def _allowed(cls, flags: str) -> str:
        parse(flags)
        return flags


async def code_search(arguments: CodeSearch, context: ToolContext) -> ToolOutcome:
    """Search; see `tool.md` for what comes back."""
    if "\0" in arguments.pattern or not is_writable_text(arguments.pattern):
        return failure("The pattern has a character that no text file can hold.")
    files = context.workspace.files
    flags = parse(arguments.flags)
    try:
        places = await asyncio.to_thread(_places, files, arguments.cwd, flags)
        words = [*_ALWAYS, *_capped(flags, arguments.maxResults), *_LAST]
        result = await context.workspace.commands.search(
            [*words, "--", arguments.pattern, *places], cwd=".", timeout_s=_TIMEOUT_S
        )
    except FileRefused as refused:
        return failure(_invalid_cwd(arguments.cwd or ".", refused))
    except UserMistake as mistake:
        return failure(str(mistake), code=mistake.code)
    return await asyncio.to_thread(_outcome, arguments, flags, result, files)


def _places(files: Files, cwd: str | None, flags: list[str]) -> list[str]:
    """Return where to search; well-known hidden directories count unless hidden files do anyway."""
    place = same_path(cwd) if cwd else "."
    listing = files.list(place)
    if place != ".":
        return [place if place.startswith("/") else f"./{place}"]
    if "--hidden" in flags:
        return ["."]
    return [".", *(name for name in _HIDDEN_BUT_WANTED if name in listing.directories)]


def _capped(flags: list[str], per_file: int) -> list[str]:
    """Let ripgrep stop one match after the limit, so that it can be told that there are more."""
    if any(flag.startswith("--max-count=") or flag == "--count" for flag in flags):
        return flags
    return [*flags, f"--max-count={per_file + 1}"]


def _outcome(
    arguments: CodeSearch, flags: list[str], result: CommandResult, files: Files
) -> ToolOutcome:
    found = collect(
        result.stdout,
        per_file=arguments.maxResults,
        visible=files.visible,
        paths_only=not _PATHS_ONLY.isdisjoint(flags),
    )
    if result.timed_out:
        message = "Code search timed out after 10 seconds. Search for something more specific."
        return failure(message, stdout=found.text[:_LONGEST_PARTIAL])
    if result.exit_code not in {0, 1} and not found.text:
        reason = result.stderr.strip() or "ripgrep failed"
        return failure(f"Code search failed: {reason}", exitCode=result.exit_code)
    code = 0 if found.text else 1
    facts = {"stdout": found.text, "exitCode": code}
    return success({**facts, "message": found.message} if found.message else {**facts})


def _invalid_cwd(cwd: str, refused: FileRefused) -> str:
    if refused.reason == "outside":
        return f"Invalid cwd: Path '{cwd}' is outside the project directory."
    return f"Invalid cwd: {refused}"


TOOL = TypedTool(
    "code_search", CodeSearch, ToolFacts(access="read", retry_safety="pure"), code_search
)
