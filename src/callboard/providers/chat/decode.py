"""Events of a chat completions stream -> answer."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from pydantic import JsonValue

from callboard.domain.events.model_call import Finish
from callboard.domain.frozen import unchecked
from callboard.domain.message import JsonObject, Part, TextPart
from callboard.domain.usage import Usage
from callboard.ports.model import Delta, ModelAnswer, ReasoningDelta, TextDelta
from callboard.providers.chat.reasoning import REASONING_FIELDS, ReasoningTrail
from callboard.providers.wire.calls import PendingCall, arguments_text, finished_calls
from callboard.providers.wire.failures import event_failure
from callboard.providers.wire.json_text import clean
from callboard.providers.wire.parts import checked_parts, settled_finish
from callboard.providers.wire.reading import array, count, money, obj, string
from callboard.providers.wire.stream import StreamDecoder

_FINISH: Mapping[str, Finish] = {
    "stop": "stop",
    "end_turn": "stop",
    "eos": "stop",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "length": "length",
    "content_filter": "refusal",
}


def decoder(provider: str, tag: str, names: Mapping[str, str]) -> StreamDecoder:
    """Return a decoder for one answer.

    Args:
        provider: its name, for messages to people.
        tag: the dialect, which reasoning details are marked with.
        names: our tool names by those on the wire, where they differ.
    """
    return StreamDecoder(_ChatAssembly(provider, tag, names), provider)


class _ChatAssembly:
    def __init__(self, provider: str, tag: str, names: Mapping[str, str]) -> None:
        self._provider = provider
        self._names = names
        self._text: list[str] = []
        self._refusal: list[str] = []
        self._reasoning = ReasoningTrail(tag)
        self._calls = _CallSlots()
        self._finish: Finish | None = None
        self._answer_id = ""
        self._model: str | None = None
        self._usage: Usage | None = None
        self._cost: Decimal | None = None
        self._market: Decimal | None = None

    @property
    def ended(self) -> bool:
        return self._finish is not None

    def take(self, event: JsonObject) -> Sequence[Delta]:
        self._answer_id = self._answer_id or string(event.get("id"))
        self._model = self._model or clean(string(event.get("model"))) or None
        if usage := event.get("usage"):
            self._take_usage(obj(usage))
        choices = event.get("choices")
        return self._take_choice(obj(choices[0])) if choices and isinstance(choices, list) else ()

    def answer(self) -> ModelAnswer:
        truncated = self._finish == "length"
        calls = finished_calls(
            self._calls.in_order,
            self._names,
            answer_id=self._answer_id,
            truncated=truncated,
        )
        text = clean("".join(self._text or self._refusal))
        texts = [TextPart(text=text)] if text else []
        parts: list[Part] = [*self._reasoning.parts(), *texts, *calls]
        finish = settled_finish(self._finish, parts)
        return ModelAnswer(
            parts=checked_parts(parts, finish, self._provider),
            finish=finish,
            usage=self._usage,
            cost_usd=self._cost,
            market_usd=self._market,
            answered_by=self._model,
        )

    def _take_choice(self, choice: JsonObject) -> Sequence[Delta]:
        if choice.get("error"):
            raise event_failure(self._provider, choice)
        # `message` is what servers send that do not stream.
        delta = choice.get("delta") or choice.get("message")
        deltas = self._take_delta(delta) if delta and isinstance(delta, dict) else ()
        reason = choice.get("finish_reason")
        if reason and isinstance(reason, str):
            self._finish = _FINISH.get(reason, "other")
        return deltas

    def _take_delta(self, delta: JsonObject) -> Sequence[Delta]:
        deltas: list[Delta] = []
        if not REASONING_FIELDS.isdisjoint(delta) and (thought := self._reasoning.take(delta)):
            deltas.append(ReasoningDelta(clean(thought)))
        if (content := delta.get("content")) and (text := _text_of(content)):
            self._text.append(text)
            deltas.append(TextDelta(clean(text)))
        if refusal := delta.get("refusal"):
            self._refusal.append(string(refusal))
        if calls := delta.get("tool_calls"):
            for call in array(calls):
                self._calls.take(obj(call))
        return deltas

    def _take_usage(self, usage: JsonObject) -> None:
        self._cost = money(usage.get("cost"))
        if usage.get("is_byok") is True:
            # The model's vendor is paid otherwise; this is only the fee.
            upstream = money(obj(usage.get("cost_details")).get("upstream_inference_cost"))
            self._market = upstream
        tokens_in = count(usage.get("prompt_tokens"))
        tokens_out = count(usage.get("completion_tokens"))
        if tokens_in is None and tokens_out is None:
            return
        prompt = usage.get("prompt_tokens_details")
        completion = usage.get("completion_tokens_details")
        self._usage = unchecked(
            Usage,
            input_tokens=tokens_in or 0,
            output_tokens=tokens_out or 0,
            cache_read_tokens=_detail(prompt, "cached_tokens", tokens_in),
            cache_write_tokens=_detail(prompt, "cache_write_tokens", tokens_in),
            reasoning_tokens=_detail(completion, "reasoning_tokens", tokens_out),
        )


def _detail(details: JsonValue, name: str, whole: int | None) -> int:
    """Return a part of a number of tokens: 0 where nothing is said about it, and never more than the whole."""
    return min(count(obj(details).get(name)) or 0, whole or 0) if details else 0


def _text_of(content: JsonValue) -> str:
    if isinstance(content, list):  # some servers stream content blocks
        return "".join(string(obj(block).get("text")) for block in content)
    return string(content)


class _CallSlots:
    """Finds the call that a fragment belongs to: by index, else by id, else the latest."""

    def __init__(self) -> None:
        self.in_order: list[PendingCall] = []
        self._by_index: dict[int, PendingCall] = {}

    def take(self, fragment: JsonObject) -> None:
        function = obj(fragment.get("function"))
        index, call_id, name = fragment.get("index"), fragment.get("id"), function.get("name")
        call = self._by_index.get(index) if isinstance(index, int) else None
        if call is None or call_id or name:  # otherwise one more piece of its arguments
            call = self._slot(index, string(call_id), string(name))
        arguments = function.get("arguments")
        if isinstance(arguments, str):
            call.fragments.append(arguments)
        elif isinstance(arguments, dict):  # some servers send the object itself
            call.fragments.append(arguments_text(arguments))

    def _slot(self, index: object, call_id: str, name: str) -> PendingCall:
        call = self._known(index, call_id, name)
        if call is None or _starts_another(call, call_id, name):
            call = PendingCall(call_id, name)
            self.in_order.append(call)
            if isinstance(index, int):
                self._by_index[index] = call
        else:
            call.call_id = call.call_id or call_id
            call.name = call.name or name
        return call

    def _known(self, index: object, call_id: str, name: str) -> PendingCall | None:
        if isinstance(index, int):
            return self._by_index.get(index)
        if call_id:
            return next((call for call in self.in_order if call.call_id == call_id), None)
        return self.in_order[-1] if self.in_order and not name else None


def _starts_another(known: PendingCall, call_id: str, name: str) -> bool:
    # Some servers number every parallel call 0: a new id with a name begins a new call.
    return bool(call_id and name and known.call_id and call_id != known.call_id)
