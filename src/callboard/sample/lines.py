"""The lines of the sample's models: which role is asked is read from its tools, where it stands from what it said."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, cast

from pydantic import JsonValue

from callboard.domain.message import JsonObject, Message, ToolResultPart
from callboard.ports.model import ModelRequest
from callboard.sample.work import edits_for, fate_of, note_for

_TITLE: Final = re.compile(r"(?:^|>)Task: (.+)$", re.MULTILINE)
_SCHEMA: Final = re.compile(r"## Output Schema\n.*?```json\n(.*?)\n```", re.DOTALL)
_ATTEMPT: Final = re.compile(r"-(\d+)$")
_CHECK: Final = "python -m unittest -q"


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call."""

    tool: str
    arguments: JsonObject


@dataclass(frozen=True, slots=True)
class Turn:
    """One answer; with `failure` there is none."""

    text: str = ""
    thought: str = ""
    calls: tuple[Call, ...] = field(default=())
    failure: str = ""


def turn_of(request: ModelRequest) -> Turn:
    """Return what a model says to a request."""
    told = "\n".join(message.text for message in request.messages if message.role == "user")
    title = _first(_TITLE, told) or _first_line(told)
    said = sum(message.role == "assistant" for message in request.messages)
    tools = {tool.name for tool in request.tools}
    schema = _first(_SCHEMA, told) or _first(_SCHEMA, request.system)
    if "write_file" in tools:
        turns = _making(request, title, tools)
    elif schema and "set_output" in tools:
        turns = _judging(request, title, cast("JsonObject", json.loads(schema)))
    else:
        turns = (Turn(_advice(title)),)
    return turns[min(said, len(turns) - 1)]


def _making(request: ModelRequest, title: str, tools: set[str]) -> tuple[Turn, ...]:
    """Return the lines of whoever changes files: look, ask where that is needed, change, check, report."""
    attempt, fate = _attempt(request), fate_of(title)
    if fate == "fails":
        broken = Turn(
            failure="The provider refuses to answer: the request was taken for something else."
        )
        return (_look(title), broken)
    edits = edits_for(title, _results(request.messages), attempt)
    asks = fate == "asks" and "ask_user" in tools
    checks = "run_terminal_command" in tools
    old, new = note_for(title)
    noted = Call("str_replace", {"path": "README.md", "replacements": [{"old": old, "new": new}]})
    writes = tuple(
        Call("write_file", {"path": one.path, "instructions": one.why, "content": one.content})
        for one in edits
    )
    noting = (noted,) if attempt == 1 and "str_replace" in tools else ()
    lines = [
        _look(title),
        _question(title) if asks else None,
        Turn(
            "The reviewer is right. I will refuse what is no amount, and hold that with a test."
            if attempt > 1
            else f"There is nothing yet that does this. I will add it in `{edits[0].path}`, as small as it goes.",
            calls=(*writes, *noting),
        ),
        Turn(
            "Now the project's own checks.",
            calls=(Call("run_terminal_command", {"command": _CHECK}),),
        )
        if checks
        else None,
        Turn(_report(title, [one.path for one in edits], checked=checks)),
    ]
    return tuple(line for line in lines if line is not None)


def _look(title: str) -> Turn:
    return Turn(
        "I will read what is there before I change anything.",
        thought=f"The task says: {title}. Where would it belong, and who calls that?",
        calls=(Call("glob", {"pattern": "**/*"}), Call("read_files", {"paths": ["README.md"]})),
    )


def _question(title: str) -> Turn:
    question: JsonObject = {
        "question": f"{title}: what about the entries that are there already?",
        "header": "Old entries",
        "options": [
            {"label": "Leave them", "description": "New ones only; nothing is rewritten."},
            {"label": "Change them too", "description": "One pass over everything, tonight."},
        ],
    }
    return Turn(
        "This can be read in two ways, and one of them cannot be taken back.",
        calls=(Call("ask_user", {"questions": [question]}),),
    )


def _report(title: str, paths: Sequence[str], *, checked: bool) -> str:
    listed = "\n".join(f"- `{path}`" for path in paths)
    proof = f"\n\nI ran `{_CHECK}`: all tests pass." if checked else ""
    return f"**{title}** is done.\n\n{listed}{proof}\n\nNothing is left open."


def _judging(request: ModelRequest, title: str, schema: JsonObject) -> tuple[Turn, ...]:
    """Return the lines of whoever hands over a structured result: read, think, hand over."""
    rejects = (
        fate_of(title) == "sent_back"
        and _attempt(request) == 1
        and ".review-" in request.conversation
    )
    reason = (
        "A negative amount passes and would be paid out. Refuse it, and add a test that shows it."
        if rejects
        else "Does what the task asks for and no more; the tests would fail without it."
    )
    known: JsonObject = {
        "verdict": "reject" if rejects else "approve",
        "reason": reason,
        "summary": title,
        "questions": [],
        "findings": [{"file": "README.md", "severity": "major", "comment": reason}]
        if rejects
        else [],
    }
    value = cast("JsonObject", _fitting(schema, known, title))
    return (
        Turn(
            "I will judge it against what it is meant to do.",
            thought="What happens at the edges: nothing, one, many, and what is no amount at all?",
            calls=(Call("read_files", {"paths": ["README.md"]}),),
        ),
        Turn(reason, calls=(Call("set_output", value),)),
        Turn("Sent back, with the reason." if rejects else "That is my judgement."),
    )


def _fitting(schema: JsonObject, known: JsonObject, title: str) -> JsonValue:
    """Return a value that a JSON schema takes: what is known about its fields, else the plainest one."""
    options = schema.get("enum")
    if isinstance(options, list) and options:
        return options[0]
    match schema.get("type"):
        case "object":
            fields = cast("dict[str, JsonObject]", schema.get("properties") or {})
            needed = cast("list[str]", schema.get("required") or [])
            return {
                name: known[name] if name in known else _fitting(fields.get(name, {}), {}, title)
                for name in needed
            }
        case "array":
            few = schema.get("minItems")
            item = _fitting(cast("JsonObject", schema.get("items") or {}), {}, title)
            return [item] if isinstance(few, int) and few > 0 else []
        case "boolean":
            return True
        case "integer" | "number":
            return schema.get("minimum") or 1
        case _:
            return title


def _advice(title: str) -> str:
    return (
        f"Three steps for **{title}**:\n\n1. Say in a test what must hold.\n2. Make the smallest change that makes it "
        "hold.\n3. Note it in the README.\n\nThe risk is in what is there already: leave old entries as they are."
    )


def _attempt(request: ModelRequest) -> int:
    found = _ATTEMPT.search(request.conversation)
    return int(found[1]) if found is not None else 1


def _results(messages: Sequence[Message]) -> str:
    """Return what tools answered so far, as text."""
    parts = [
        part for message in messages for part in message.parts if isinstance(part, ToolResultPart)
    ]
    return "\n".join(str(part.output) for part in parts)


def _first(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found[1].strip() if found is not None else ""


def _first_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[0][:120] if lines else "the task"
