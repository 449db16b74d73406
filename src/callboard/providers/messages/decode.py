"""Events of a Messages stream -> answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from callboard.domain.events.model_call import Finish
from callboard.domain.message import JsonObject, Part, ReasoningPart, TextPart
from callboard.domain.usage import Usage
from callboard.ports.model import Delta, ModelAnswer, ReasoningDelta, TextDelta
from callboard.providers.messages.encode import WIRE
from callboard.providers.wire.calls import PendingCall, arguments_text, finished_calls
from callboard.providers.wire.json_text import clean
from callboard.providers.wire.parts import checked_parts, settled_finish
from callboard.providers.wire.reading import array, count, obj, string
from callboard.providers.wire.stream import StreamDecoder

_FINISH: Mapping[str, Finish] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "tool_use": "tool_calls",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "refusal": "refusal",
}
_CACHED = ("cache_read_input_tokens", "cache_creation_input_tokens")


def decoder(provider: str, names: Mapping[str, str]) -> StreamDecoder:
    """Return a decoder for one answer.

    Args:
        provider: its name, for messages to people.
        names: our tool names by those on the wire, where they differ.
    """
    return StreamDecoder(_MessagesAssembly(provider, names), provider)


@dataclass(slots=True)
class _Block:
    kind: str
    text: list[str] = field(default_factory=list[str])
    signature: str = ""
    redacted: str = ""
    call: PendingCall | None = None


class _MessagesAssembly:
    def __init__(self, provider: str, names: Mapping[str, str]) -> None:
        self._provider = provider
        self._names = names
        self._blocks: list[_Block] = []
        self._by_index: dict[int, _Block] = {}
        self._finish: Finish | None = None
        self._stopped = False
        self._answer_id = ""
        self._model: str | None = None
        self._counts: dict[str, int] = {}

    @property
    def ended(self) -> bool:
        return self._stopped or self._finish is not None

    def take(self, event: JsonObject) -> Sequence[Delta]:
        match event.get("type"):
            case "content_block_delta":
                return self._take_delta(event)
            case "content_block_start":
                return self._take_start(event)
            case "message_start":
                self._take_message(obj(event.get("message")))
            case "message_delta":
                self._take_stop(string(obj(event.get("delta")).get("stop_reason")))
                self._take_usage(obj(event.get("usage")))
            case "message_stop":
                self._stopped = True
            case "message":
                return self._take_whole(event)
            case _:  # pings, block ends, and what is yet to be invented
                pass
        return []

    def answer(self) -> ModelAnswer:
        parts = self._parts()
        finish = settled_finish(self._finish, parts)
        return ModelAnswer(
            parts=checked_parts(parts, finish, self._provider),
            finish=finish,
            usage=self._usage(),
            cost_usd=None,
            answered_by=self._model,
        )

    def _take_message(self, message: JsonObject) -> None:
        self._answer_id = string(message.get("id"))
        self._model = clean(string(message.get("model"))) or None
        self._take_usage(obj(message.get("usage")))

    def _take_whole(self, message: JsonObject) -> list[Delta]:
        """Take in the answer of a server that does not stream."""
        self._take_message(message)
        deltas: list[Delta] = []
        for index, block in enumerate(array(message.get("content"))):
            deltas += self._take_start({"index": index, "content_block": block})
        self._take_stop(string(message.get("stop_reason")))
        self._stopped = True
        return deltas

    def _take_stop(self, reason: str) -> None:
        if reason:
            self._finish = _FINISH.get(reason, "other")

    def _take_start(self, event: JsonObject) -> list[Delta]:
        given = obj(event.get("content_block"))
        block = _Block(string(given.get("type")))
        self._blocks.append(block)
        index = event.get("index")
        self._by_index[index if isinstance(index, int) else len(self._blocks) - 1] = block
        block.signature = string(given.get("signature"))
        block.redacted = string(given.get("data"))
        if block.kind == "tool_use":
            block.call = _begun_call(given)
        text = string(given.get("text")) or string(given.get("thinking"))
        return _grown(block, text)

    def _take_delta(self, event: JsonObject) -> list[Delta]:
        block = self._block(event.get("index"))
        if block is None:
            return []
        delta = obj(event.get("delta"))
        match delta.get("type"):
            case "text_delta":
                return _grown(block, string(delta.get("text")))
            case "thinking_delta":
                return _grown(block, string(delta.get("thinking")))
            case "input_json_delta":
                _take_fragment(block, string(delta.get("partial_json")))
            case "signature_delta":
                block.signature += string(delta.get("signature"))
            case _:
                pass
        return []

    def _block(self, index: object) -> _Block | None:
        if isinstance(index, int):
            return self._by_index.get(index)
        return self._blocks[-1] if self._blocks else None

    def _take_usage(self, usage: JsonObject) -> None:
        # The counts at the end are totals, not additions.
        for name in ("input_tokens", "output_tokens", *_CACHED):
            tokens = count(usage.get(name))
            if tokens is not None:
                self._counts[name] = tokens

    def _usage(self) -> Usage | None:
        if not self._counts:
            return None
        read, written = (self._counts.get(name, 0) for name in _CACHED)
        return Usage(
            input_tokens=self._counts.get("input_tokens", 0) + read + written,
            output_tokens=self._counts.get("output_tokens", 0),
            cache_read_tokens=read,
            cache_write_tokens=written,
        )

    def _parts(self) -> list[Part]:
        calls = iter(
            finished_calls(
                [block.call for block in self._blocks if block.call is not None],
                self._names,
                answer_id=self._answer_id,
                truncated=self._finish == "length",
            )
        )
        parts: list[Part] = []
        for block in self._blocks:
            if block.call is not None:
                parts.append(next(calls))
            else:
                parts += _part(block)
        return parts


def _begun_call(given: JsonObject) -> PendingCall:
    call = PendingCall(string(given.get("id")), string(given.get("name")))
    arguments = obj(given.get("input"))
    if arguments:  # some servers send them whole; streamed ones begin with {}
        call.fragments.append(arguments_text(arguments))
    return call


def _take_fragment(block: _Block, fragment: str) -> None:
    if block.call is not None:
        block.call.fragments.append(fragment)


def _grown(block: _Block, text: str) -> list[Delta]:
    if not text:
        return []
    block.text.append(text)
    if block.kind == "text":
        return [TextDelta(clean(text))]
    return [ReasoningDelta(clean(text))] if block.kind == "thinking" else []


def _part(block: _Block) -> list[Part]:
    text = clean("".join(block.text))
    if block.kind == "text":
        return [TextPart(text=text)] if text else []
    if block.kind == "redacted_thinking":
        return [ReasoningPart(text="", details={"wire": WIRE, "data": clean(block.redacted)})]
    if block.kind != "thinking" or not (text or block.signature):
        return []
    details: JsonObject = {"wire": WIRE, "signature": clean(block.signature)}
    return [ReasoningPart(text=text, details=details)]
