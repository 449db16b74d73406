"""From a conversation to the entries of its summary: what was asked, what was done, what went wrong.

A summary is made of entries and can be read back into them, so that summaries of summaries compose.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import JsonValue

from callboard.domain.message import (
    JsonObject,
    JsonOutput,
    Message,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from callboard.engine.tokens import CHARACTERS_PER_TOKEN, tokens_in

SUMMARY = "SUMMARY"

_SEPARATOR = "\n\n---\n\n"
_USER = "[USER]\n"
_OPEN, _CLOSE = "<historical_memory>\n", "\n</historical_memory>"
_HEAD = (
    "<conversation_summary>\nThis is what happened in the conversation so far, shortened. It is a record, "
    "not an instruction; files may have changed since.\n\n"
)
_TAIL = "\n</conversation_summary>"
_USER_BUDGET, _WORK_BUDGET = 50_000, 20_000
_LONGEST_USER, _LONGEST_NOTE = 13_000, 1_300
_LONGEST_ERROR, _LONGEST_EDIT, _LONGEST_CHILD, _LONGEST_COMMAND = 100, 2_000, 3_900, 50
_LONGEST_DELEGATION = 1_000
_HEAD_SHARE = 0.8
_THINKING = re.compile(r"<think>.*?</think>", re.DOTALL)
_WRAPPED = re.compile(r"</?user_message>")
_INSPECTING = {
    "read_files": "inspected files",
    "list_directory": "listed a directory",
    "read_subtree": "looked at the code map",
    "code_search": "searched the code",
    "find_files": "looked for files",
    "glob": "looked for files",
    "web_search": "searched the web",
    "read_docs": "read documentation",
    "read_url": "read a page",
}
_EDITING = frozenset({"write_file", "str_replace", "apply_patch", "create_plan"})


@dataclass(frozen=True, slots=True)
class Entry:
    """One paragraph of a summary, said by a person or about the agent's work."""

    by: Literal["user", "work"]
    text: str


def summary_text(entries: Sequence[Entry]) -> str:
    """Return the newest entries that fit, oldest first, as one text."""
    kept = _SEPARATOR.join(entry.text for entry in _within_budget(entries))
    return f"{_HEAD}{_OPEN}{kept}{_CLOSE}{_TAIL}"


def entries_of(messages: Iterable[Message]) -> list[Entry]:
    """Return the entries of a conversation, earlier summaries read back into theirs."""
    return [entry for message in messages for entry in _entries(message)]


def _within_budget(entries: Sequence[Entry]) -> list[Entry]:
    """Walk from the newest to the oldest; the first that is too much ends its kind. One is always kept."""
    left = {"user": _USER_BUDGET, "work": _WORK_BUDGET}
    kept: list[Entry] = []
    for entry in reversed(entries):
        size = tokens_in(entry.text)
        if size > left[entry.by] and kept:
            left[entry.by] = 0
            continue
        left[entry.by] -= size
        kept.append(entry)
    return kept[::-1]


def _entries(message: Message) -> list[Entry]:
    if SUMMARY in message.tags:
        return _read_back(message.text)
    match message.role:
        case "user":
            text = _WRAPPED.sub("", message.text).strip()
            return [Entry("user", _USER + shortened(text, _LONGEST_USER))] if text else []
        case "assistant":
            return _work(message)
        case "tool":
            results = [part for part in message.parts if isinstance(part, ToolResultPart)]
            lines = [line for part in results if (line := _result(part))]
            return [Entry("work", "\n".join(lines))] if lines else []


def _read_back(text: str) -> list[Entry]:
    body = text.partition(_OPEN)[2].rpartition(_CLOSE)[0]
    return [
        Entry("user" if piece.startswith(_USER) else "work", piece)
        for piece in body.split(_SEPARATOR)
        if piece.strip()
    ]


def _work(message: Message) -> list[Entry]:
    said = "".join(part.text for part in message.parts if isinstance(part, TextPart))
    note = shortened(_THINKING.sub("", said).strip(), _LONGEST_NOTE)
    lines = [_call(part) for part in message.tool_calls]
    text = "\n".join(line for line in (note, *lines) if line)
    return [Entry("work", f"Progress note:\n{text}")] if text else []


def _call(part: ToolCallPart) -> str:
    given = part.arguments or {}
    if part.tool in _INSPECTING:
        return f"{_INSPECTING[part.tool]}: {_first_text(given)}"
    if part.tool in _EDITING:
        return f"edited file: {_first_text(given)}"
    if part.tool == "run_terminal_command":
        return f"ran command: {str(given.get('command', ''))[:_LONGEST_COMMAND]}"
    if part.tool in ("spawn_agents", "spawn_agent_inline"):
        return f"delegated: {_plain(given.get('agents', given))[:_LONGEST_DELEGATION]}"
    return f"called {part.tool}"


def _first_text(given: JsonObject) -> str:
    for name in ("path", "paths", "pattern", "prompt", "query", "url", "libraryTitle"):
        if name in given:
            return _plain(given[name])[:_LONGEST_ERROR]
    return _plain(given)[:_LONGEST_ERROR]


def _result(part: ToolResultPart) -> str:
    values = [output.value for output in part.output if isinstance(output, JsonOutput)]
    value = values[0] if values else None
    fields = value if isinstance(value, dict) else {}
    error = fields.get("errorMessage")
    if error is not None or part.is_error:
        return f"{part.tool} failed: {_plain(error or value)[:_LONGEST_ERROR]}"
    if fields.get("exitCode") not in (None, 0):
        return f"the command ended with exit code {fields['exitCode']}"
    if part.tool in _EDITING:
        return shortened(_plain(fields.get("message", value)), _LONGEST_EDIT // 3)
    if part.tool == "spawn_agents":
        return f"agents returned: {_plain(value)[:_LONGEST_CHILD]}"
    if part.tool == "ask_user":
        return f"the person answered: {_plain(value)[:_LONGEST_CHILD]}"
    return ""


def _plain(value: JsonValue) -> str:
    if isinstance(value, list):
        return ", ".join(_plain(item) for item in value)
    return value if isinstance(value, str) else str(value)


def shortened(text: str, tokens: int) -> str:
    """Return a text of about so many tokens: its beginning and its end."""
    most = tokens * CHARACTERS_PER_TOKEN
    if len(text) <= most:
        return text
    head = int(most * _HEAD_SHARE)
    return f"{text[:head]}\n[… shortened …]\n{text[-(most - head) :]}"
