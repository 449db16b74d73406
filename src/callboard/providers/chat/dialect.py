"""What differs between those who speak chat completions."""

from dataclasses import dataclass

from callboard.domain.definition.agent import ReasoningOptions
from callboard.domain.message import JsonObject


@dataclass(frozen=True, slots=True)
class Dialect:
    """Facts about one kind of endpoint.

    Attributes:
        name: tags what is echoed to the same kind of endpoint only.
        output_limit_field: the field that bounds the answer's tokens.
        openrouter: OpenRouter's own request fields are understood.
        reasoning_effort: OpenAI's `reasoning_effort` is understood.
    """

    name: str
    output_limit_field: str = "max_tokens"
    openrouter: bool = False
    reasoning_effort: bool = False


OPENROUTER = Dialect("openrouter", openrouter=True)
OPENAI = Dialect("openai", output_limit_field="max_completion_tokens", reasoning_effort=True)
COMPATIBLE = Dialect("chat", reasoning_effort=True)


def reasoning_fields(dialect: Dialect, options: ReasoningOptions | None) -> JsonObject:
    """Return the request fields that say how much the model thinks."""
    if options is None:
        return {}
    if dialect.openrouter:
        return {"reasoning": _openrouter_reasoning(options)}
    effort = _effort(options) if dialect.reasoning_effort else None
    return {"reasoning_effort": effort} if effort else {}


def _openrouter_reasoning(options: ReasoningOptions) -> JsonObject:
    fields: JsonObject = {}
    if options.effort is not None:
        fields["effort"] = options.effort
    elif options.max_tokens is not None:
        fields["max_tokens"] = options.max_tokens
    else:
        fields["enabled"] = options.enabled
    if options.exclude:
        fields["exclude"] = True
    return fields


def _effort(options: ReasoningOptions) -> str | None:
    if options.effort is not None or options.max_tokens is None:
        return options.effort
    if options.max_tokens <= 2048:
        return "low"
    return "medium" if options.max_tokens <= 8192 else "high"
