"""What the provider layer costs: CPU time of decoding, of encoding, and of the import.

Run with `python benchmarks/providers.py`; no network, no sockets.
"""

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

import orjson

from callboard.domain.message import (
    JsonOutput,
    Message,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    user_message,
)
from callboard.domain.tool import ToolSpec
from callboard.ports.model import ModelRequest
from callboard.providers.chat import decode as chat_decode
from callboard.providers.chat import encode as chat_encode
from callboard.providers.chat.dialect import OPENROUTER
from callboard.providers.gemini import decode as gemini_decode
from callboard.providers.gemini import encode as gemini_encode
from callboard.providers.messages import decode as messages_decode
from callboard.providers.messages import encode as messages_encode
from callboard.providers.wire.encoded_history import EncodedHistory
from callboard.providers.wire.stream import StreamDecoder
from callboard.providers.wire.tool_bytes import ToolBytes

CHUNKS = 2000
BLOCK = 1024
HISTORIES = (0, 10, 100, 500, 1000)
ROUNDS = 7
TURNS = 25


def main() -> list[dict[str, Any]]:
    """Measure everything, print a table and return its rows."""
    rows = [*_decoding(), *_encoding(), *_imports()]
    for row in rows:
        print(
            f"{row['what']:<12} {row['format']:<10} {row['size']:>14} {row['value']:>10.2f} {row['unit']}"
        )
    return rows


def _decoding() -> list[dict[str, Any]]:
    formats: list[tuple[str, Callable[[], StreamDecoder], bytes]] = [
        ("chat", lambda: chat_decode.decoder("b", "openrouter", {}), _chat_stream()),
        ("messages", lambda: messages_decode.decoder("b", {}), _messages_stream()),
        ("gemini", lambda: gemini_decode.decoder("b", "g", {}), _gemini_stream()),
    ]
    rows: list[dict[str, Any]] = []
    for name, make, stream in formats:
        for size in (128, BLOCK, 16 * BLOCK):
            blocks = [stream[start : start + size] for start in range(0, len(stream), size)]
            spent = _cpu(lambda make=make, blocks=blocks: _decode(make(), blocks))
            rows.append(
                _row("decode", name, f"{size} B blocks", spent / CHUNKS * 1e6, "µs a chunk")
            )
    return rows


def _decode(decoder: StreamDecoder, blocks: Sequence[bytes]) -> None:
    for block in blocks:
        decoder.feed(block)
    decoder.finish()


def _encoding() -> list[dict[str, Any]]:
    return [
        _row("encode", name, f"{length} messages", _encode_us(name, length), "µs a call")
        for name in ("chat", "messages", "gemini")
        for length in HISTORIES
    ]


def _encode_us(name: str, length: int) -> float:
    """Return what a turn costs that adds two messages to `length` remembered ones."""
    return median(_encode_round(name, length) for _ in range(ROUNDS)) / TURNS * 1e6


def _encode_round(name: str, length: int) -> float:
    messages = _history(length + 2 * TURNS + 2)
    encode = _encoder(name)
    encode(_request(messages[: max(length, 1)]))
    # Each turn extends the one before, as a run does.
    turns = [_request(messages[: length + 2 * turn]) for turn in range(1, TURNS + 1)]
    start = time.process_time()
    for turn in turns:
        encode(turn)
    return time.process_time() - start


def _encoder(name: str) -> Callable[[ModelRequest], bytes]:
    history = EncodedHistory()
    if name == "chat":
        tools = ToolBytes(chat_encode.encode_tools)
        return lambda r: chat_encode.encode(r, "v/m", OPENROUTER, history, tools.of(r.tools))
    if name == "messages":
        tools = ToolBytes(messages_encode.encode_tools)
        return lambda r: messages_encode.encode(r, "claude-opus-5", history, tools.of(r.tools))
    tools = ToolBytes(gemini_encode.encode_tools)
    return lambda r: gemini_encode.encode(r, "gemini-3-pro", history, tools.of(r.tools))


_TOOLS = tuple(
    ToolSpec(
        name=f"tool_{number}",
        description="Does something useful with a file. " * 10,
        input_schema={"type": "object", "properties": {"path": {"type": "string"}}},
    )
    for number in range(20)
)


def _request(messages: tuple[Message, ...]) -> ModelRequest:
    return ModelRequest(
        conversation="run",
        model="vendor/model",
        system="You are an agent. " * 100,
        messages=messages,
        stable=len(messages),
        tools=_TOOLS,
    )


def _history(length: int) -> tuple[Message, ...]:
    messages: list[Message] = [user_message("Please change the code so that it works.")]
    for number in range(length // 2):
        call = ToolCallPart(
            call_id=f"c{number}", tool="tool_1", arguments={"path": f"src/{number}.py"}
        )
        output = (JsonOutput(value={"content": "line of code\n" * 20}),)
        result = ToolResultPart(call_id=call.call_id, tool="tool_1", output=output)
        messages.append(Message(role="assistant", parts=(TextPart(text="Reading on."), call)))
        messages.append(Message(role="tool", parts=(result,)))
    return tuple(messages[:length])


def _imports() -> list[dict[str, Any]]:
    modules = ("callboard.providers.directory", "callboard.ports.model", "aiohttp")
    return [_row("import", "", name.rpartition(".")[2], _import_ms(name), "ms") for name in modules]


def _import_ms(module: str) -> float:
    code = (
        f"import time; s=time.perf_counter(); import {module}; print((time.perf_counter()-s)*1e3)"
    )
    runs = [
        subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
        for _ in range(3)
    ]
    return median(float(run.stdout) for run in runs)


def _cpu(work: Callable[[], None]) -> float:
    times: list[float] = []
    for _ in range(ROUNDS):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return median(times)


def _row(what: str, wire: str, size: str, value: float, unit: str) -> dict[str, Any]:
    return {"what": what, "format": wire, "size": size, "value": value, "unit": unit}


def _chat_stream() -> bytes:
    envelope = {
        "id": "gen-1763694000-abcdefghijkl",
        "provider": "Provider",
        "model": "vendor/model",
        "object": "chat.completion.chunk",
        "created": 1763694000,
    }
    choice: dict[str, Any] = {
        "index": 0,
        "delta": {"role": "assistant", "content": " token"},
        "finish_reason": None,
        "native_finish_reason": None,
        "logprobs": None,
    }
    last = {**choice, "finish_reason": "stop"}
    events = [_event({**envelope, "choices": [choice]})] * (CHUNKS - 1)
    return b"".join([*events, _event({**envelope, "choices": [last]})])


def _messages_stream() -> bytes:
    start = {
        "type": "content_block_start",
        "index": 0,
        "content_block": {"type": "text", "text": ""},
    }
    delta = {"type": "text_delta", "text": " token"}
    piece = {"type": "content_block_delta", "index": 0, "delta": delta}
    begun = b"event: content_block_start\n" + _event(start)
    pieces = [b"event: content_block_delta\n" + _event(piece)] * CHUNKS
    return b"".join([begun, *pieces, _event({"type": "message_stop"})])


def _gemini_stream() -> bytes:
    content = {"parts": [{"text": " token"}], "role": "model"}
    usage = {"promptTokenCount": 1000, "candidatesTokenCount": 10, "totalTokenCount": 1010}
    envelope = {"usageMetadata": usage, "modelVersion": "gemini-3-pro", "responseId": "abcdef"}
    event = _event({"candidates": [{"content": content, "index": 0}], **envelope})
    last = {"content": content, "finishReason": "STOP", "index": 0}
    return b"".join([*[event] * (CHUNKS - 1), _event({"candidates": [last], **envelope})])


def _event(value: object) -> bytes:
    return b"data: " + orjson.dumps(value) + b"\n\n"


if __name__ == "__main__":
    main()
