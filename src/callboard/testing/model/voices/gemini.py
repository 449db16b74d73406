"""A turn as a streamGenerateContent stream."""

import json
from typing import Any

from callboard.providers.scripted.script import ScriptedCall, Turn

_FINISH = {"length": "MAX_TOKENS", "refusal": "SAFETY", "other": "OTHER"}


def gemini_events(turn: Turn) -> list[bytes]:
    """Return the stream's events, each as its bytes; a truncated turn lacks the end.

    Gemini sends arguments as objects, so that a call's `raw` text must be one.
    """
    parts: list[dict[str, Any]] = []
    if turn.reasoning:
        parts.append({"text": turn.reasoning, "thought": True})
    parts += [{"text": word} for word in turn.text.splitlines(keepends=True)]
    parts += [_call(call) for call in turn.calls]
    events = [event(_chunk({"content": {"role": "model", "parts": [part]}})) for part in parts]
    if turn.truncate:
        return events
    last = _chunk({"content": {"role": "model", "parts": []}, **_finish(turn)})
    return [*events, event({**last, **_usage(turn)})]


def event(value: object) -> bytes:
    """Return one server-sent event, with CRLF as Google sends it."""
    return b"data: " + json.dumps(value).encode() + b"\r\n\r\n"


def _chunk(candidate: dict[str, Any]) -> dict[str, Any]:
    return {
        "candidates": [{"index": 0, **candidate}],
        "modelVersion": "scripted-model",
        "responseId": "response-1",
    }


def _finish(turn: Turn) -> dict[str, Any]:
    return {"finishReason": _FINISH.get(turn.finish or "", "STOP")}


def _call(call: ScriptedCall) -> dict[str, Any]:
    arguments = call.arguments if call.raw is None else json.loads(call.raw or "{}")
    function: dict[str, Any] = {"name": call.tool, "args": arguments}
    return {"functionCall": {"id": call.call_id, **function} if call.call_id else function}


def _usage(turn: Turn) -> dict[str, Any]:
    if turn.usage is None:
        return {}
    thoughts = turn.usage.reasoning_tokens
    return {
        "usageMetadata": {
            "promptTokenCount": turn.usage.input_tokens,
            "cachedContentTokenCount": turn.usage.cache_read_tokens,
            "candidatesTokenCount": turn.usage.output_tokens - thoughts,
            "thoughtsTokenCount": thoughts,
            "totalTokenCount": turn.usage.input_tokens + turn.usage.output_tokens,
        }
    }
