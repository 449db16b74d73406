"""run_terminal_command: a shell command in the workspace's sandbox."""

from typing import Annotated, Any, Literal

from pydantic import Field, JsonValue, field_validator

from callboard.domain.errors import UserMistake
from callboard.domain.tool import ToolFacts
from callboard.ports.tools import ToolContext, ToolOutcome
from callboard.ports.workspace import CommandRequest, CommandResult, FileRefused
from callboard.tools.arguments import Arguments
from callboard.tools.outcomes import failure, success
from callboard.tools.paths import is_writable_text
from callboard.tools.typed import TypedTool

LONGEST_TIMEOUT_S = 600
_TIMED_OUT = 124


class RunTerminalCommand(Arguments):
    """Input of run_terminal_command."""

    command: Annotated[str, Field(min_length=1)]
    process_type: Literal["SYNC", "BACKGROUND"] = "SYNC"
    cwd: Annotated[str | None, Field(description="Relative to the project's root")] = None
    timeout_seconds: Annotated[float, Field(description="-1: no limit")] = 30

    @field_validator("process_type", mode="before")
    @classmethod
    def _upper(cls, value: Any) -> Any:
        return value.upper() if isinstance(value, str) else value

    @field_validator("timeout_seconds")
    @classmethod
    def _clamped(cls, value: float) -> float:
        if value == -1 or 0 < value <= LONGEST_TIMEOUT_S:
            return value
        if value > LONGEST_TIMEOUT_S:
            return LONGEST_TIMEOUT_S
        raise ValueError("must be a number of seconds above 0, or -1 for no limit")


async def run_terminal_command(arguments: RunTerminalCommand, context: ToolContext) -> ToolOutcome:
    """Run the command to its end, or start it in the background."""
    command = arguments.command
    if "\0" in command or not is_writable_text(command):
        return failure("The command has a character that no shell can take.", command=command)
    limit = None if arguments.timeout_seconds == -1 else arguments.timeout_seconds
    request = CommandRequest(command, cwd=arguments.cwd or ".", timeout_s=limit)
    facts: dict[str, JsonValue] = {"command": command}
    if arguments.cwd:
        facts["startingCwd"] = arguments.cwd
    try:
        if arguments.process_type == "BACKGROUND":
            process = await context.workspace.commands.start(request)
            return success({**facts, "processId": process, "backgroundProcessStatus": "running"})
        result = await context.workspace.commands.run(request)
    except FileRefused as refused:
        return failure(f"Invalid cwd: {refused}", **facts)
    except UserMistake as mistake:
        return failure(str(mistake), code=mistake.code, **facts)
    return success({**facts, **shown(result, limit)})


def shown(result: CommandResult, limit: float | None) -> dict[str, JsonValue]:
    """Return what a model sees of a command's end. `limit` is the timeout that it had, in seconds."""
    facts: dict[str, JsonValue] = {"stdout": result.stdout}
    if result.stderr:
        facts["stderr"] = result.stderr
    if not result.timed_out:
        return {**facts, "exitCode": result.exit_code}
    message = f"Command timed out after {limit:g} seconds and was terminated."
    return {**facts, "exitCode": _TIMED_OUT, "message": message}


TOOL = TypedTool(
    "run_terminal_command",
    RunTerminalCommand,
    ToolFacts(access="write", retry_safety="unsafe", reach="outside"),
    run_terminal_command,
)
