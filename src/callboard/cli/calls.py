"""Tool calls, changes and checks in a few words."""

import json
from collections.abc import Sequence

from callboard.cli.plain import one_line, plain
from callboard.cli.text import duration
from callboard.domain.events.files import FileChange
from callboard.domain.events.tool_call import ToolCallCompleted
from callboard.domain.events.workflow import CheckCompleted
from callboard.domain.message import JsonObject, JsonOutput

_WIDTH = 80
_SLOW_MS = 1_000
_COMMAND = "run_terminal_command"


def describe_call(tool: str, arguments: JsonObject) -> str:
    """Return a call for people: the tool and what it is about."""
    return f"{one_line(tool, 40)} {_about(arguments)}".rstrip()


def _about(arguments: JsonObject) -> str:
    match arguments:
        case {"command": str(command)}:
            return f"$ {one_line(command, _WIDTH)}"
        case {"paths": list(paths)}:
            return one_line(", ".join(str(path) for path in paths), _WIDTH)
        case {"path": str(text)} | {"pattern": str(text)} | {"thought": str(text)}:
            return one_line(text, _WIDTH)
        case {"agents": list(agents)}:
            kinds = (agent.get("agent_type") for agent in agents if isinstance(agent, dict))
            return one_line(", ".join(str(kind) for kind in kinds), _WIDTH)
        case {"data": dict(data)}:
            return one_line(json.dumps(data, ensure_ascii=False), _WIDTH)
        case _:
            return one_line(json.dumps(arguments, ensure_ascii=False), _WIDTH) if arguments else ""


def describe_outcome(event: ToolCallCompleted) -> str:
    """Return what a call came to, empty where there is nothing to say."""
    value = _value(event)
    took = duration(event.duration_ms / 1000)
    if event.is_error:
        return f"failed: {one_line(str(value.get('errorMessage') or 'see the log'))}"
    if event.tool == _COMMAND and "exitCode" in value:
        stopped = ", stopped" if value.get("message") else ""
        return f"exit {value['exitCode']}, {took}{stopped}"
    if "processId" in value:
        return "started in the background"
    return took if event.duration_ms >= _SLOW_MS else ""


def _value(event: ToolCallCompleted) -> JsonObject:
    first = event.output[0] if event.output else None
    value = first.value if isinstance(first, JsonOutput) else None
    return value if isinstance(value, dict) else {}


def describe_check(command: str, event: CheckCompleted) -> str:
    """Return what a check came to."""
    code = "stopped" if event.exit_code is None else f"exit {event.exit_code}"
    verdict = "passed" if event.passed else "not passed"
    took = duration(event.duration_ms / 1000)
    return f"check $ {one_line(command, _WIDTH)} — {code}, {took}: {verdict}"


def describe_change(change: FileChange) -> str:
    """Return a changed file with its line counts."""
    counts = f"+{change.added or 0} −{change.removed or 0}"  # noqa: RUF001 - a minus is meant
    counts = "binary" if change.added is None else counts
    mark = {"added": "A", "modified": "M", "deleted": "D"}[change.status]
    return f"{mark} {plain(change.path)}  {counts}"


def describe_changes(changes: Sequence[FileChange], most: int = 20) -> list[str]:
    """Return a line per changed file, the last of which counts those left out."""
    lines = [describe_change(change) for change in changes[:most]]
    left = len(changes) - most
    return [*lines, f"… and {left:,} more files"] if left > 0 else lines
