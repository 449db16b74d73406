"""What differs between Gemini models."""

import re

from callboard.domain.definition.agent import ReasoningOptions
from callboard.domain.message import JsonObject

_BUDGETED = re.compile(r"gemini-[12]\b")
_LEVELS = {
    "none": "minimal",
    "minimal": "minimal",
    "low": "low",
    "medium": "medium",
    "high": "high",
    "xhigh": "high",
    "max": "high",
}
_BUDGETS = {
    "none": 0,
    "minimal": 512,
    "low": 1024,
    "medium": 8192,
    "high": 24_576,
    "xhigh": 24_576,
    "max": 24_576,
}
_DYNAMIC = -1
_LEAST_PRO_BUDGET = 128


def direct_name(model: str) -> str:
    """Return a model's name at Google, without a vendor."""
    return model.removeprefix("google/").removeprefix("gemini/").removeprefix("models/")


def thinks_on_a_budget(model: str) -> bool:
    """Whether the model takes `thinkingBudget` (generations 1 and 2) instead of `thinkingLevel`."""
    return _BUDGETED.match(model) is not None


def thinking_config(model: str, options: ReasoningOptions | None) -> JsonObject:
    """Return the `thinkingConfig` for what an agent's definition asks for, empty for nothing."""
    if options is None:
        return {}
    asked = options.enabled or options.effort is not None or options.max_tokens is not None
    if not asked:
        return {}
    shown: JsonObject = {"includeThoughts": not options.exclude and options.effort != "none"}
    if thinks_on_a_budget(model):
        return shown | {"thinkingBudget": _budget(model, options)}
    if options.effort is not None:
        return shown | {"thinkingLevel": _LEVELS[options.effort]}
    return shown


def _budget(model: str, options: ReasoningOptions) -> int:
    budget = _DYNAMIC
    if options.effort is not None:
        budget = _BUDGETS[options.effort]
    elif options.max_tokens is not None:
        budget = min(options.max_tokens, 24_576)
    # The pro models cannot be told not to think.
    return max(budget, _LEAST_PRO_BUDGET) if budget >= 0 and "-pro" in model else budget
