"""pydantic's findings in our words: what is allowed, what was found."""

from collections.abc import Mapping
from typing import Any, Final

from callboard.definitions.findings import found

_ALLOWED: Final = {
    "bool_type": "true or false",
    "decimal_type": "a number",
    "dict_type": "an object",
    "float_type": "a number",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "list_type": "a list",
    "model_type": "an object",
    "model_attributes_type": "an object",
    "string_type": "text",
    "tuple_type": "a list",
}
_BOUNDS: Final = {
    "greater_than": ("gt", "more than"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "less than"),
    "less_than_equal": ("le", "at most"),
}

_PATTERNS: Final = {
    "^[a-z0-9-]+$": "be lowercase letters, digits and hyphens",
    r"\S": "say something",
}


def explain(error: Mapping[str, Any]) -> str:
    """Return one of `ValidationError.errors()` as a message without its place."""
    kind, value, context = error["type"], error["input"], error.get("ctx", {})
    if kind == "missing":
        return "is missing"
    if kind == "extra_forbidden":
        return "is not known here"
    if kind == "string_pattern_mismatch" and context.get("pattern") in _PATTERNS:
        return f"must {_PATTERNS[context['pattern']]}, found {found(value)}"
    if kind == "literal_error":
        return f"must be one of {context.get('expected')}, found {found(value)}"
    if kind in _BOUNDS:
        key, words = _BOUNDS[kind]
        return f"must be {words} {context.get(key)}, found {found(value)}"
    if kind in _ALLOWED:
        hint = "; put it in quotes" if _ALLOWED[kind] == "text" and _is_scalar(value) else ""
        return f"must be {_ALLOWED[kind]}, found {found(value)}{hint}"
    return f"{error['msg']}, found {found(value)}"


def _is_scalar(value: object) -> bool:
    return isinstance(value, bool | int | float)
