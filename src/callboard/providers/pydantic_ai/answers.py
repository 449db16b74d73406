"""pydantic-ai's response as our answer."""

from collections.abc import Mapping
from decimal import Decimal

from pydantic import TypeAdapter
from pydantic_ai import messages as theirs
from pydantic_ai.usage import RequestUsage

from callboard.domain.events.model_call import Finish
from callboard.domain.message import JsonObject, Part, ReasoningPart, TextPart
from callboard.domain.usage import Usage
from callboard.ports.model import ModelAnswer
from callboard.providers.pydantic_ai.requests import WIRE
from callboard.providers.wire.calls import PendingCall, arguments_text, finished_calls
from callboard.providers.wire.json_text import clean
from callboard.providers.wire.parts import checked_parts, settled_finish
from callboard.providers.wire.reading import as_json

_FINISH: Mapping[str, Finish] = {
    "stop": "stop",
    "length": "length",
    "content_filter": "refusal",
    "tool_call": "tool_calls",
    "error": "other",
}
_ANYTHING: TypeAdapter[object] = TypeAdapter(object)


def answer_of(
    response: theirs.ModelResponse, names: Mapping[str, str], cost_usd: Decimal | None
) -> ModelAnswer:
    """Return the answer.

    Args:
        response: a whole response.
        names: our tool names by those that were offered, where they differ.
        cost_usd: what it cost; None: unknown.

    Raises:
        ModelError: there is nothing in it.
    """
    given = _FINISH.get(response.finish_reason or "")
    parts = _parts(response, names, truncated=given == "length")
    finish = settled_finish(given, parts)
    usage = _usage(response.usage)
    return ModelAnswer(
        parts=checked_parts(parts, finish, "pydantic-ai"),
        finish=finish,
        usage=usage,
        cost_usd=cost_usd if usage else None,
        answered_by=response.model_name,
    )


def _parts(
    response: theirs.ModelResponse, names: Mapping[str, str], *, truncated: bool
) -> list[Part]:
    calls = iter(
        finished_calls(
            [_call(part) for part in response.parts if isinstance(part, theirs.ToolCallPart)],
            names,
            answer_id=response.provider_response_id or "",
            truncated=truncated,
        )
    )
    parts: list[Part] = []
    for part in response.parts:
        if isinstance(part, theirs.ToolCallPart):
            parts.append(next(calls))
        elif isinstance(part, theirs.TextPart) and part.content:
            parts.append(TextPart(text=clean(part.content)))
        elif isinstance(part, theirs.ThinkingPart):
            parts.append(ReasoningPart(text=clean(part.content), details=_details(part)))
    return parts


def _call(part: theirs.ToolCallPart) -> PendingCall:
    arguments = part.args
    text = arguments if isinstance(arguments, str) else arguments_text(dict(arguments or {}))
    return PendingCall(part.tool_call_id, part.tool_name, [text], _details(part))


def _details(part: theirs.ToolCallPart | theirs.ThinkingPart) -> JsonObject:
    leftovers: JsonObject = {
        "wire": WIRE,
        "signature": part.signature if isinstance(part, theirs.ThinkingPart) else None,
        "id": part.id,
        "provider_name": part.provider_name,
        "provider_details": as_json(_ANYTHING.dump_python(part.provider_details, mode="json")),
    }
    return {name: value for name, value in leftovers.items() if value}


def _usage(usage: RequestUsage) -> Usage | None:
    if not usage.has_values():
        return None
    return Usage(
        input_tokens=max(usage.input_tokens, 0),
        output_tokens=max(usage.output_tokens, 0),
        cache_read_tokens=max(usage.cache_read_tokens, 0),
        cache_write_tokens=max(usage.cache_write_tokens, 0),
        reasoning_tokens=max(usage.output_reasoning_tokens or 0, 0),
    )
