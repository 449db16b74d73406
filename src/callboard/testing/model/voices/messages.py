"""A turn as a Messages stream."""

import json
from typing import Any

from callboard.providers.scripted.script import ScriptedCall, Turn

_FINISH = {
    "stop": "end_turn",
    "tool_calls": "tool_use",
    "length": "max_tokens",
    "refusal": "refusal",
    "other": "pause_turn",
}


def messages_events(turn: Turn) -> list[bytes]:
    """Return the stream's events, each as its bytes; a truncated turn lacks the end."""
    blocks: list[list[dict[str, Any]]] = []
    if turn.reasoning:
        blocks.append(_thinking(turn.reasoning))
    if turn.text:
        begun = {"type": "text", "text": ""}
        blocks.append(
            [begun, *({"type": "text_delta", "text": part} for part in halves(turn.text))]
        )
    blocks += [_call(number, call) for number, call in enumerate(turn.calls)]
    events = [event(_start(turn)), event({"type": "ping"})]
    for index, (begun, *deltas) in enumerate(blocks):
        events.append(
            event({"type": "content_block_start", "index": index, "content_block": begun})
        )
        events += [
            event({"type": "content_block_delta", "index": index, "delta": each}) for each in deltas
        ]
        events.append(event({"type": "content_block_stop", "index": index}))
    return (
        events if turn.truncate else [*events, event(_stop(turn)), event({"type": "message_stop"})]
    )


def event(value: dict[str, Any]) -> bytes:
    """Return one server-sent event, with the name that Anthropic gives it."""
    return f"event: {value['type']}\ndata: {json.dumps(value)}\n\n".encode()


def halves(text: str) -> tuple[str, str]:
    """Return a text in two pieces."""
    middle = len(text) // 2
    return text[:middle], text[middle:]


def _thinking(text: str) -> list[dict[str, Any]]:
    thoughts = ({"type": "thinking_delta", "thinking": part} for part in halves(text))
    begun = {"type": "thinking", "thinking": "", "signature": ""}
    return [begun, *thoughts, {"type": "signature_delta", "signature": "signed"}]


def _call(number: int, call: ScriptedCall) -> list[dict[str, Any]]:
    text = json.dumps(call.arguments) if call.raw is None else call.raw
    call_id = call.call_id or f"toolu_{number}"
    begun: dict[str, Any] = {"type": "tool_use", "id": call_id, "name": call.tool, "input": {}}
    return [begun, *({"type": "input_json_delta", "partial_json": part} for part in halves(text))]


def _start(turn: Turn) -> dict[str, Any]:
    usage: dict[str, Any] = {"input_tokens": 0, "output_tokens": 0}
    if turn.usage is not None:
        read, written = turn.usage.cache_read_tokens, turn.usage.cache_write_tokens
        usage = {
            "input_tokens": turn.usage.input_tokens - read - written,
            "cache_read_input_tokens": read,
            "cache_creation_input_tokens": written,
            "output_tokens": 1,
        }
    message: dict[str, Any] = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "scripted-model",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": usage,
    }
    return {"type": "message_start", "message": message}


def _stop(turn: Turn) -> dict[str, Any]:
    reason = _FINISH[turn.finish or ("tool_calls" if turn.calls else "stop")]
    return {
        "type": "message_delta",
        "delta": {"stop_reason": reason, "stop_sequence": None},
        "usage": {"output_tokens": turn.usage.output_tokens if turn.usage else 0},
    }
