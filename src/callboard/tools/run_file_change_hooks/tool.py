"""run_file_change_hooks: the project's own checks, after a change."""

import asyncio
from typing import Annotated

from pydantic import Field, JsonValue

from callboard.domain.errors import UserMistake
from callboard.domain.tool import ToolFacts
from callboard.ports.tools import ToolContext, ToolOutcome
from callboard.ports.workspace import CommandRequest, Commands, FileRefused
from callboard.tools.arguments import Arguments
from callboard.tools.outcomes import failure, success
from callboard.tools.paths import is_writable_text
from callboard.tools.run_file_change_hooks.hooks import Hook, HooksInvalid, as_json, read_hooks
from callboard.tools.run_terminal_command.tool import LONGEST_TIMEOUT_S, shown
from callboard.tools.typed import TypedTool

_NONE = "No file change hooks were triggered for the specified files."
_FAILED = "Some file change hooks failed. Please review the output above."
_MOST_HOOKS = 20


class RunFileChangeHooks(Arguments):
    """Input of run_file_change_hooks."""

    files: Annotated[list[str], Field(description="Paths of the files that were changed")]


async def run_file_change_hooks(arguments: RunFileChangeHooks, context: ToolContext) -> ToolOutcome:
    """Run the hooks that concern the files, one after the other, in the sandbox."""
    try:
        hooks = await asyncio.to_thread(read_hooks, context.workspace.files)
    except HooksInvalid as invalid:
        return failure(str(invalid))
    wanted = [hook for hook in hooks if hook.concerns(arguments.files)][:_MOST_HOOKS]
    if not wanted:
        return success({"message": _NONE})
    results: list[JsonValue] = []
    failed = False
    for hook in wanted:
        try:
            result, passed = await _run(hook, context.workspace.commands)
        except UserMistake as mistake:
            return failure(str(mistake), code=mistake.code)
        results.append({**as_json(hook), **result})
        failed |= not passed
    return success([*results, {"errorMessage": _FAILED}] if failed else results)


async def _run(hook: Hook, commands: Commands) -> tuple[dict[str, JsonValue], bool]:
    facts: dict[str, JsonValue] = {"command": hook.command}
    if "\0" in hook.command or not is_writable_text(hook.command):
        return {
            **facts,
            "errorMessage": "The command has a character that no shell can take.",
        }, False
    if hook.cwd:
        facts["startingCwd"] = hook.cwd
    request = CommandRequest(hook.command, cwd=hook.cwd or ".", timeout_s=LONGEST_TIMEOUT_S)
    try:
        result = await commands.run(request)
    except FileRefused as refused:
        return {**facts, "errorMessage": f"Invalid cwd: {refused}"}, False
    return {**facts, **shown(result, LONGEST_TIMEOUT_S)}, result.exit_code == 0


TOOL = TypedTool(
    "run_file_change_hooks",
    RunFileChangeHooks,
    ToolFacts(access="write", retry_safety="unsafe", reach="outside"),
    run_file_change_hooks,
)
