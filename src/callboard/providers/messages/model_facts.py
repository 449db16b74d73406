"""What differs between Claude models."""

import re

from callboard.domain.definition.agent import ReasoningOptions
from callboard.domain.message import JsonObject

_DOTTED = re.compile(r"(?<=-\d)\.(?=\d)")
# 4.5 and before think within a budget; everything later decides for itself, guided by an effort.
_BUDGETED = re.compile(
    r"claude-(?:2|3|instant|(?:opus|sonnet|haiku)-4(?:-[015])?(?:-\d{8}|-latest)?$)"
)
_OUTPUT_LIMITS = (
    ("claude-3-7", 64_000),
    ("claude-3-5", 8_192),
    ("claude-3", 4_096),
    ("claude-2", 4_096),
)
_DEFAULT_OUTPUT = 32_000
_LEAST_BUDGET = 1024
_ANSWER_ROOM = 8192
_BUDGETS = {
    "minimal": 1024,
    "low": 2048,
    "medium": 8192,
    "high": 16_384,
    "xhigh": 24_576,
    "max": 31_999,
}


def direct_name(model: str) -> str:
    """Return a model's name at Anthropic: without a vendor, versions with hyphens instead of dots."""
    return _DOTTED.sub("-", model.removeprefix("anthropic/"))


def thinks_on_a_budget(model: str) -> bool:
    """Whether the model takes `budget_tokens` instead of deciding for itself how much to think."""
    return _BUDGETED.match(model) is not None


def limits_and_thinking(
    model: str, wanted_output: int | None, options: ReasoningOptions | None
) -> JsonObject:
    """Return the request fields `max_tokens`, `thinking` and `output_config`.

    Args:
        model: its name at Anthropic.
        wanted_output: bound of the answer in tokens, thinking included.
        options: how much to think; None leaves it to the model.
    """
    limit = wanted_output or next(
        (most for prefix, most in _OUTPUT_LIMITS if model.startswith(prefix)), _DEFAULT_OUTPUT
    )
    if options is None or not _asks_for_thinking(options):
        off: JsonObject = {"thinking": {"type": "disabled"}} if _refuses_thinking(options) else {}
        return {"max_tokens": limit, **off}
    if thinks_on_a_budget(model):
        return _budgeted(limit, options, bounded=wanted_output is not None)
    return {"max_tokens": limit, **_adaptive(options)}


def _asks_for_thinking(options: ReasoningOptions) -> bool:
    if options.effort == "none":
        return False
    return options.enabled or options.effort is not None or options.max_tokens is not None


def _refuses_thinking(options: ReasoningOptions | None) -> bool:
    return options is not None and options.effort == "none"


def _budgeted(limit: int, options: ReasoningOptions, *, bounded: bool) -> JsonObject:
    budget = max(
        options.max_tokens or _BUDGETS.get(options.effort or "medium", 8192), _LEAST_BUDGET
    )
    if not bounded:
        limit = max(limit, budget + _ANSWER_ROOM)
    budget = min(budget, limit - 1)
    if budget < _LEAST_BUDGET:  # no room to think in
        return {"max_tokens": limit}
    thinking: JsonObject = {"type": "enabled", "budget_tokens": budget}
    if options.exclude:
        thinking["display"] = "omitted"
    return {"max_tokens": limit, "thinking": thinking}


def _adaptive(options: ReasoningOptions) -> JsonObject:
    display = "omitted" if options.exclude else "summarized"
    fields: JsonObject = {"thinking": {"type": "adaptive", "display": display}}
    if options.effort is not None:
        fields["output_config"] = {
            "effort": "low" if options.effort == "minimal" else options.effort
        }
    return fields
