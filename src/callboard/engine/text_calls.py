"""Tool calls written in text, for models without native ones and for programs that replay an answer.

A call is a JSON object between `<codebuff_tool_call>` (or `<callboard_tool_call>`) tags; `cb_tool_name` (or
`tool_name`) in it names the tool, everything else is its input.
"""

import json
import re
from typing import cast

from callboard.domain.message import (
    JsonObject,
    JsonOutput,
    Message,
    Part,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    is_deeper,
)
from callboard.domain.tool import ToolSpec

_OPEN = re.compile(r"<(codebuff|callboard)_tool_call>")
_NAMES = ("cb_tool_name", "tool_name", "toolName")
_NOT_INPUT = {*_NAMES, "cb_easp"}
_HOW = """\
# Tools

You call a tool by writing one block like this, with the tool's name and its input in one JSON object:

<callboard_tool_call>
{"tool_name": "NAME", "first_field": "…"}
</callboard_tool_call>

Stop after the calls that you need; their results come in the next message. Your tools:"""


def has_text_calls(text: str) -> bool:
    """Return whether a text holds what may be a call."""
    return _OPEN.search(text) is not None


def split_calls(text: str, prefix: str) -> tuple[Part, ...]:
    """Return a text as parts: pieces of text, trimmed, and the calls between them in order.

    A block that is no call has `arguments` None and the text in `raw`. Ids are `prefix` and a number. A
    closing tag inside of a JSON text does not end a call, and one that is missing at the end is no fault.
    """
    parts: list[Part] = []
    at = 0
    while (opening := _OPEN.search(text, at)) is not None:
        _add_text(parts, text[at : opening.start()])
        call_id = f"{prefix}{sum(isinstance(part, ToolCallPart) for part in parts) + 1}"
        call, at = _call(text, opening.end(), f"</{opening[1]}_tool_call>", call_id)
        parts.append(call)
    _add_text(parts, text[at:])
    return tuple(parts)


def _add_text(parts: list[Part], text: str) -> None:
    if text.strip():
        parts.append(TextPart(text=text.strip()))


def _call(text: str, start: int, closing: str, call_id: str) -> tuple[ToolCallPart, int]:
    """Return the call that begins at `start`, and where the text goes on behind it."""
    body = start + len(text[start:]) - len(text[start:].lstrip())
    try:
        found, end = json.JSONDecoder().raw_decode(text, body)
    except (ValueError, RecursionError):
        found, end = None, body
    close = text.find(closing, end)
    behind = len(text) if close < 0 else close + len(closing)
    fields = cast("JsonObject", found) if isinstance(found, dict) else {}
    if not is_deeper(fields):
        name = next((fields[key] for key in _NAMES if isinstance(fields.get(key), str)), None)
        if isinstance(name, str):
            given = {key: value for key, value in fields.items() if key not in _NOT_INPUT}
            return ToolCallPart(call_id=call_id, tool=name, arguments=given), behind
    raw = text[start : len(text) if close < 0 else close].strip()
    return ToolCallPart(call_id=call_id, tool="unknown", arguments=None, raw=raw), behind


def described(specs: tuple[ToolSpec, ...]) -> str:
    """Return what a model without native tool calls must know about its tools."""
    if not specs:
        return ""
    tools = [
        f"## {spec.name}\n\n{spec.description}\n\nInput: {json.dumps(spec.input_schema, ensure_ascii=False)}"
        for spec in specs
    ]
    return "\n\n".join([_HOW, *tools])


def as_text(message: Message) -> Message:
    """Return a message with calls and results as text, as a model without native ones reads them."""
    if message.role == "tool":
        parts = [_result_text(part) for part in message.parts if isinstance(part, ToolResultPart)]
        return Message(role="user", parts=(TextPart(text="\n\n".join(parts)),))
    if not message.tool_calls:
        return message
    texts = [_part_text(part) for part in message.parts]
    said = "\n".join(text for text in texts if text)
    return message.model_copy(update={"parts": (TextPart(text=said),)})


def _part_text(part: Part) -> str:
    if isinstance(part, TextPart):
        return part.text
    if not isinstance(part, ToolCallPart):
        return ""
    fields = {"tool_name": part.tool, **(part.arguments or {})}
    body = part.raw if part.arguments is None else json.dumps(fields, ensure_ascii=False)
    return f"<callboard_tool_call>\n{body}\n</callboard_tool_call>"


def _result_text(part: ToolResultPart) -> str:
    values = [
        output.value if isinstance(output, JsonOutput) else "[a file that cannot be shown here]"
        for output in part.output
    ]
    told = {"toolName": part.tool, "toolCallId": part.call_id, "output": values}
    return f"<tool_result>\n{json.dumps(told, ensure_ascii=False)}\n</tool_result>"
