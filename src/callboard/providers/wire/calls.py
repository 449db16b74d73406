"""Tool calls between our words and the wire: names, ids, arguments in fragments."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pydantic import ValidationError

from callboard.domain.frozen import unchecked
from callboard.domain.message import JsonObject, ToolCallPart
from callboard.domain.tool import ToolSpec
from callboard.providers.wire.json_text import NotJson, clean, clean_value, dumps, loads

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_FOREIGN = re.compile(r"[^A-Za-z0-9_-]")
_FEW_BRACKETS = 100
"""A JSON text with no more opening ones than this is not nested deeper than our own values may be."""


@dataclass(slots=True)
class PendingCall:
    """A tool call while its pieces arrive."""

    call_id: str = ""
    name: str = ""
    fragments: list[str] = field(default_factory=list[str])
    details: JsonObject | None = None


def wire_name(name: str) -> str:
    """Return a tool name that every vendor accepts; ordinary names stay as they are."""
    return name if _NAME.fullmatch(name) else "t_" + _conforming(name, 64 - 2)


def wire_id(call_id: str) -> str:
    """Return a call id that every vendor accepts; ordinary ids stay as they are."""
    return call_id if _ID.fullmatch(call_id) else _conforming(call_id, 40)


def _conforming(text: str, length: int) -> str:
    digest = hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:8]
    return f"{_FOREIGN.sub('_', text)[: length - 9]}_{digest}"


def names_on_the_wire(tools: Iterable[ToolSpec]) -> dict[str, str]:
    """Return, for tools whose name had to be changed, our name by the name on the wire."""
    changed = ((wire_name(tool.name), tool.name) for tool in tools)
    return {wire: ours for wire, ours in changed if wire != ours}


def arguments_on_the_wire(call: ToolCallPart) -> JsonObject:
    """Return a call's arguments for a later turn; what was no object is shown as it was written."""
    if call.arguments is not None:
        return call.arguments
    return {"invalid_arguments": call.raw or ""}


def finished_calls(
    pending: Iterable[PendingCall],
    names: Mapping[str, str],
    *,
    answer_id: str,
    truncated: bool,
) -> list[ToolCallPart]:
    """Return the calls of a whole answer, with ids unique among them.

    Args:
        pending: the calls in the order of their appearance.
        names: our names by those on the wire, where they differ.
        answer_id: the provider's id of the answer, from which missing ids are made.
        truncated: the answer was cut off, so that a last call without arguments is not a call of none.
    """
    calls = list(pending)
    ids = unique_ids([clean(call.call_id) for call in calls], answer_id)
    finished: list[ToolCallPart] = []
    for position, (call, call_id) in enumerate(zip(calls, ids, strict=True), start=1):
        cut_off = truncated and position == len(calls)
        finished.append(_finished(call, call_id, names, cut_off=cut_off))
    return finished


def unique_ids(given: list[str], answer_id: str) -> list[str]:
    """Return the provider's own ids where they are non-empty and new, made-up ones elsewhere."""
    taken = {call_id for call_id in given if call_id}
    if len(taken) == len(given):
        return given
    prefix = "_".join(["call", *filter(None, [_FOREIGN.sub("_", answer_id)[-40:]])])
    seen: set[str] = set()
    ids: list[str] = []
    for position, own in enumerate(given, start=1):
        call_id = own
        attempt = 0
        while not call_id or call_id in seen or (call_id != own and call_id in taken):
            suffix = f"_{attempt}" if attempt else ""
            call_id = f"{prefix}_{position}{suffix}"
            attempt += 1
        seen.add(call_id)
        ids.append(call_id)
    return ids


def _finished(
    call: PendingCall, call_id: str, names: Mapping[str, str], *, cut_off: bool
) -> ToolCallPart:
    text = "".join(call.fragments)
    arguments = None if cut_off and not text.strip() else parsed_arguments(text)
    name = clean(call.name)
    tool = names.get(name, name)
    if arguments is not None and text.count("{") + text.count("[") <= _FEW_BRACKETS:
        # It was JSON a moment ago, and strings are clean: there is nothing left to check.
        return unchecked(
            ToolCallPart,
            kind="tool_call",
            call_id=call_id,
            tool=tool,
            arguments=arguments,
            raw=None,
            details=call.details,
        )
    if arguments is not None:
        try:
            return ToolCallPart(
                call_id=call_id, tool=tool, arguments=arguments, details=call.details
            )
        except ValidationError:  # nested deeper than our own values may be
            pass
    return ToolCallPart(
        call_id=call_id, tool=tool, arguments=None, raw=clean(text), details=call.details
    )


def parsed_arguments(text: str) -> JsonObject | None:
    """Return the JSON object that `text` is ({} where it is blank), or None."""
    text = clean(text)
    if not text.strip():
        return {}
    try:
        value = loads(text)
        if "\\u" in text:
            value = clean_value(value)
    except NotJson:
        return None
    return value if isinstance(value, dict) else None


def arguments_text(arguments: JsonObject) -> str:
    """Return arguments as the JSON text that chat completions carry them in."""
    return dumps(arguments).decode()
