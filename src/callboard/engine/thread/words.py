"""Calls and failures in a few words."""

import json
from typing import Final

from pydantic import JsonValue

from callboard.domain.events.model_call import ModelFailure
from callboard.domain.events.tool_call import ToolCallCompleted
from callboard.domain.message import JsonObject, JsonOutput, MediaOutput
from callboard.domain.output import RunOutput

_WIDTH: Final = 160
SHELL: Final = "run_terminal_command"
_FAILURES: Final = {
    "auth": "The model's provider did not accept the key",
    "not_found": "The model's provider does not know the model",
    "invalid_request": "The model's provider did not accept the request",
    "context_too_long": "The conversation is longer than the model can read",
    "rate_limited": "The model's provider asked us to slow down",
    "overloaded": "The model's provider is overloaded",
    "server": "The model's provider had a fault of its own",
    "timeout": "The model did not answer in time",
    "connection": "The model's provider could not be reached",
    "malformed_answer": "The model's answer could not be read",
    "refused": "The model refused to answer",
}


def about(arguments: JsonObject) -> str:
    """Return what a call is about, in a line."""
    match arguments:
        case {"command": str(command)}:
            return one_line(f"$ {command}")
        case {"paths": list(paths)}:
            return one_line(", ".join(map(str, paths)))
        case {"path": str(text)} | {"pattern": str(text)} | {"thought": str(text)}:
            return one_line(text)
        case {"query": str(text)} | {"url": str(text)} | {"prompt": str(text)}:
            return one_line(text)
        case {"agents": list(agents)}:
            kinds = (agent.get("agent_type") for agent in agents if isinstance(agent, dict))
            return one_line(", ".join(map(str, kinds)))
        case _:
            return one_line(json.dumps(arguments, ensure_ascii=False)) if arguments else ""


def one_line(text: str, width: int = _WIDTH) -> str:
    """Return a text without line breaks, cut to a width."""
    flat = " ".join(text[: width * 4].split())
    return flat if len(flat) <= width else flat[: width - 1] + "…"


def paths_of(arguments: JsonObject) -> frozenset[str]:
    """Return the files that a call names."""
    match arguments:
        case {"paths": list(paths)}:
            return frozenset(str(one) for one in paths)
        case {"path": str(path)}:
            return frozenset({path})
        case _:
            return frozenset()


def outcome_of(event: ToolCallCompleted) -> str:
    """Return what a call came to, empty where there is nothing to say. A result in a blob says nothing here."""
    first = event.output[0] if event.output else None
    if isinstance(first, MediaOutput):
        return first.media_type
    value = first.value if isinstance(first, JsonOutput) else None
    fields = value if isinstance(value, dict) else {}
    if event.is_error:
        return one_line(str(fields.get("errorMessage") or "see the output"))
    if event.tool == SHELL and "exitCode" in fields:
        stopped = ", stopped" if fields.get("message") else ""
        return f"exit {fields['exitCode']}{stopped}"
    if "processId" in fields:
        return "started in the background"
    return ""


def failure_sentence(failure: ModelFailure) -> str:
    """Return in a sentence why a model call failed."""
    said = _FAILURES.get(failure.reason, f"The model call failed ({failure.reason})")
    return f"{said}."


def output_text(output: RunOutput) -> str:
    """Return what a run returned as text."""
    match output.type:
        case "lastMessage":
            return output.text
        case "error":
            return output.message
        case "structuredOutput":
            return _pretty(output.value)
        case "allMessages":
            return ""


def _pretty(value: JsonValue) -> str:
    return "" if value is None else json.dumps(value, ensure_ascii=False, indent=2)
