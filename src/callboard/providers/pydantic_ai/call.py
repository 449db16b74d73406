"""One call through pydantic-ai, and its errors in our words."""

from decimal import Decimal

from pydantic_ai import exceptions
from pydantic_ai.direct import model_request_stream
from pydantic_ai.messages import (
    ModelResponse,
    ModelResponseStreamEvent,
    PartDeltaEvent,
    PartStartEvent,
    TextPart,
    TextPartDelta,
    ThinkingPart,
    ThinkingPartDelta,
)
from pydantic_ai.models import Model

from callboard.domain.errors import ModelError
from callboard.domain.usage import usd
from callboard.ports.model import (
    Delta,
    ModelAnswer,
    ModelRequest,
    OnDelta,
    ReasoningDelta,
    TextDelta,
)
from callboard.providers.pydantic_ai.answers import answer_of
from callboard.providers.pydantic_ai.requests import messages_of, parameters_of, settings_of
from callboard.providers.wire.calls import names_on_the_wire
from callboard.providers.wire.failures import failure, reason_of_status
from callboard.providers.wire.json_text import clean

_UNSPECIFIC = "server"

# From the particular to the general: the first that fits decides.
_REASONS: tuple[tuple[type[Exception], str], ...] = (
    (exceptions.ModelAuthenticationError, "auth"),
    (exceptions.ModelQuotaExceededError, "auth"),
    (exceptions.ModelNotFoundError, "not_found"),
    (exceptions.ModelContextWindowExceededError, "context_too_long"),
    (exceptions.ModelRequestRejectedError, "invalid_request"),
    (exceptions.ModelRateLimitError, "rate_limited"),
    (exceptions.ModelOverloadedError, "overloaded"),
    (exceptions.ModelUnavailableError, "overloaded"),
    (exceptions.ModelServerError, _UNSPECIFIC),
    (exceptions.ModelTimeoutError, "timeout"),
    (exceptions.ModelRequestTimeout, "timeout"),
    (exceptions.ModelConnectionError, "connection"),
    (exceptions.ContentFilterError, "refused"),
    (exceptions.UnexpectedModelBehavior, "malformed_answer"),
    (exceptions.ModelAPIError, _UNSPECIFIC),
    (exceptions.UserError, "invalid_request"),
    (exceptions.AgentRunError, _UNSPECIFIC),
)


async def complete(model: Model | None, request: ModelRequest, on_delta: OnDelta) -> ModelAnswer:
    """Ask `model`, or the one that the request names.

    Raises:
        ModelError: the call failed.
    """
    name = request.model.removeprefix("pydantic-ai/")
    try:
        response = await _streamed(model or name, request, on_delta)
    except tuple(kind for kind, _ in _REASONS) as error:
        raise _model_error(error) from None
    return answer_of(response, names_on_the_wire(request.tools), _cost(response))


async def _streamed(model: Model | str, request: ModelRequest, on_delta: OnDelta) -> ModelResponse:
    async with model_request_stream(
        model,
        messages_of(request),
        model_settings=settings_of(request),
        model_request_parameters=parameters_of(request),
    ) as stream:
        async for event in stream:
            delta = _delta(event)
            if delta is not None and delta.text:
                on_delta(delta)
        return stream.get()


def _delta(event: ModelResponseStreamEvent) -> Delta | None:
    match event:
        case PartStartEvent(part=TextPart(content=text)):
            return TextDelta(clean(text))
        case PartStartEvent(part=ThinkingPart(content=text)):
            return ReasoningDelta(clean(text))
        case PartDeltaEvent(delta=TextPartDelta(content_delta=text)):
            return TextDelta(clean(text))
        case PartDeltaEvent(delta=ThinkingPartDelta(content_delta=str(text))):
            return ReasoningDelta(clean(text))
        case _:
            return None


def _cost(response: ModelResponse) -> Decimal | None:
    if response.usage.cost is not None:
        return usd(response.usage.cost)
    try:
        return usd(response.cost().total_price)
    except (AssertionError, LookupError, ValueError):
        return None


def _model_error(error: Exception) -> ModelError:
    status = error.status_code if isinstance(error, exceptions.ModelHTTPError) else None
    reason = next(reason for kind, reason in _REASONS if isinstance(error, kind))
    if status is not None and reason == _UNSPECIFIC:
        reason = reason_of_status(status)
    wait = error.retry_after if isinstance(error, exceptions.ModelAPIError) else None
    return failure(reason, clean(str(error))[:500], status=status, retry_after_s=wait)
