"""Events of a streamGenerateContent stream -> answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from callboard.domain.events.model_call import Finish
from callboard.domain.message import JsonObject, Part, ReasoningPart, TextPart
from callboard.domain.usage import Usage
from callboard.ports.model import Delta, ModelAnswer, ReasoningDelta, TextDelta
from callboard.providers.wire.calls import PendingCall, arguments_text, finished_calls
from callboard.providers.wire.failures import failure
from callboard.providers.wire.json_text import clean
from callboard.providers.wire.parts import checked_parts, settled_finish
from callboard.providers.wire.reading import array, count, obj, string
from callboard.providers.wire.stream import StreamDecoder

_FINISH: Mapping[str, Finish] = {"STOP": "stop", "MAX_TOKENS": "length"}
_REFUSALS = frozenset(
    {
        "SAFETY", "RECITATION", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII",
        "IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION", "MODEL_ARMOR",
    }
)  # fmt: skip


def decoder(provider: str, tag: str, names: Mapping[str, str]) -> StreamDecoder:
    """Return a decoder for one answer.

    Args:
        provider: its name, for messages to people.
        tag: what thought signatures are marked with.
        names: our tool names by those on the wire, where they differ.
    """
    return StreamDecoder(_GeminiAssembly(provider, tag, names), provider)


@dataclass(slots=True)
class _Run:
    """Parts in a row that are of one kind: they are one part of the answer."""

    kind: str
    text: list[str] = field(default_factory=list[str])
    signature: str = ""
    call: PendingCall | None = None


class _GeminiAssembly:
    def __init__(self, provider: str, tag: str, names: Mapping[str, str]) -> None:
        self._provider = provider
        self._tag = tag
        self._names = names
        self._runs: list[_Run] = []
        self._finish: Finish | None = None
        self._reason = ""
        self._answer_id = ""
        self._model: str | None = None
        self._usage: Usage | None = None

    @property
    def ended(self) -> bool:
        return self._finish is not None

    def take(self, event: JsonObject) -> Sequence[Delta]:
        self._answer_id = self._answer_id or string(event.get("responseId"))
        self._model = self._model or clean(string(event.get("modelVersion"))) or None
        if usage := event.get("usageMetadata"):
            self._usage = _usage(obj(usage)) or self._usage
        if blocked := string(obj(event.get("promptFeedback")).get("blockReason")):
            raise failure("refused", f"{self._provider} refused the request: {blocked}.")
        candidates = array(event.get("candidates"))
        return self._take_candidate(obj(candidates[0])) if candidates else []

    def answer(self) -> ModelAnswer:
        parts = self._parts()
        finish = settled_finish(self._finish, parts)
        if not parts and finish == "other":
            message = f"{self._provider}: the model's answer is empty ({self._reason})."
            raise failure("malformed_answer", message)
        return ModelAnswer(
            parts=checked_parts(parts, finish, self._provider),
            finish=finish,
            usage=self._usage,
            cost_usd=None,
            answered_by=self._model,
        )

    def _take_candidate(self, candidate: JsonObject) -> list[Delta]:
        deltas: list[Delta] = []
        for part in array(obj(candidate.get("content")).get("parts")):
            deltas += self._take_part(obj(part))
        if reason := string(candidate.get("finishReason")):
            self._reason = clean(reason)
            self._finish = "refusal" if reason in _REFUSALS else _FINISH.get(reason, "other")
        return deltas

    def _take_part(self, part: JsonObject) -> list[Delta]:
        signature = string(part.get("thoughtSignature"))
        if function := obj(part.get("functionCall")):
            call = PendingCall(string(function.get("id")), string(function.get("name")))
            call.fragments.append(arguments_text(obj(function.get("args"))))
            call.details = self._details(signature) if signature else None
            self._runs.append(_Run("call", call=call))
            return []
        if "text" not in part:
            return []
        kind = "thought" if part.get("thought") else "text"
        text = string(part.get("text"))
        run = self._run(kind)
        run.text.append(text)
        run.signature = signature or run.signature
        if not text:
            return []
        return [ReasoningDelta(clean(text)) if kind == "thought" else TextDelta(clean(text))]

    def _run(self, kind: str) -> _Run:
        if not self._runs or self._runs[-1].kind != kind:
            self._runs.append(_Run(kind))
        return self._runs[-1]

    def _details(self, signature: str) -> JsonObject:
        return {"wire": self._tag, "thoughtSignature": clean(signature)}

    def _parts(self) -> list[Part]:
        calls = iter(
            finished_calls(
                [run.call for run in self._runs if run.call is not None],
                self._names,
                answer_id=self._answer_id,
                truncated=False,  # calls come whole
            )
        )
        parts: list[Part] = []
        for run in self._runs:
            if run.call is not None:
                parts.append(next(calls))
            else:
                parts += self._text_parts(run)
        return parts

    def _text_parts(self, run: _Run) -> list[Part]:
        text = clean("".join(run.text))
        if run.kind == "thought":
            details = self._details(run.signature) | {"thought": True} if run.signature else None
            return [ReasoningPart(text=text, details=details)] if text or details else []
        parts: list[Part] = [TextPart(text=text)] if text else []
        if run.signature:  # a signature beside text travels in a reasoning part of its own
            parts.append(ReasoningPart(text="", details=self._details(run.signature)))
        return parts


def _usage(usage: JsonObject) -> Usage | None:
    names = (
        "promptTokenCount",
        "toolUsePromptTokenCount",
        "candidatesTokenCount",
        "thoughtsTokenCount",
    )
    prompt, tool_use, candidates, thoughts = (count(usage.get(name)) for name in names)
    if prompt is None and candidates is None and thoughts is None:
        return None
    tokens_in = (prompt or 0) + (tool_use or 0)
    return Usage(
        input_tokens=tokens_in,
        output_tokens=(candidates or 0) + (thoughts or 0),
        cache_read_tokens=min(count(usage.get("cachedContentTokenCount")) or 0, tokens_in),
        reasoning_tokens=thoughts or 0,
    )
