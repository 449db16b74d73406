"""A turn as a chat completions stream."""

import json
from typing import Any

from callboard.providers.scripted.script import ScriptedCall, Turn

_FINISH = {
    "stop": "stop",
    "tool_calls": "tool_calls",
    "length": "length",
    "refusal": "content_filter",
    "other": "unheard_of",
}


def chat_events(turn: Turn) -> list[bytes]:
    """Return the stream's events, each as its bytes; a truncated turn lacks the end."""
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
    deltas += [{"reasoning": word} for word in _words(turn.reasoning)]
    deltas += [{"content": word} for word in _words(turn.text)]
    for index, call in enumerate(turn.calls):
        deltas += _call(index, call)
    events = [event({"choices": [{"index": 0, "delta": delta}], **_ENVELOPE}) for delta in deltas]
    if turn.truncate:
        return events
    finish = _FINISH[turn.finish or ("tool_calls" if turn.calls else "stop")]
    last: dict[str, Any] = {"index": 0, "delta": {}, "finish_reason": finish}
    usage: dict[str, Any] = {"choices": [], **_ENVELOPE, **_usage(turn)}
    return [*events, event({"choices": [last], **_ENVELOPE}), event(usage), b"data: [DONE]\n\n"]


def event(value: object) -> bytes:
    """Return one server-sent event."""
    return b"data: " + json.dumps(value).encode() + b"\n\n"


_ENVELOPE = {
    "id": "chatcmpl-1",
    "object": "chat.completion.chunk",
    "created": 1,
    "model": "scripted-model",
}


def _call(index: int, call: ScriptedCall) -> list[dict[str, Any]]:
    text = json.dumps(call.arguments) if call.raw is None else call.raw
    middle = len(text) // 2
    begun = {"index": index, "id": call.call_id, "type": "function"}
    pieces = [{**begun, "function": {"name": call.tool, "arguments": text[:middle]}}]
    pieces.append({"index": index, "function": {"arguments": text[middle:]}})
    return [{"tool_calls": [piece]} for piece in pieces]


def _usage(turn: Turn) -> dict[str, Any]:
    if turn.usage is None:
        return {}
    usage: dict[str, Any] = {
        "prompt_tokens": turn.usage.input_tokens,
        "completion_tokens": turn.usage.output_tokens,
        "total_tokens": turn.usage.input_tokens + turn.usage.output_tokens,
        "prompt_tokens_details": {
            "cached_tokens": turn.usage.cache_read_tokens,
            "cache_write_tokens": turn.usage.cache_write_tokens,
        },
        "completion_tokens_details": {"reasoning_tokens": turn.usage.reasoning_tokens},
    }
    if turn.cost_usd:
        usage["cost"] = float(turn.cost_usd)
    return {"usage": usage}


def _words(text: str) -> list[str]:
    return (
        [word + " " for word in text.split(" ")[:-1]] + [text.rsplit(" ", maxsplit=1)[-1]]
        if text
        else []
    )
