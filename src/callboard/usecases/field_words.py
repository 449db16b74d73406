"""pydantic's findings about what somebody typed, in words for people. What was typed is not repeated: it may be a secret."""

from collections.abc import Mapping
from typing import Any, Final

_FIRST: Final = "the first a letter or a digit"
_PATTERNS: Final = {
    r"\S": "must say something",
    r"^[a-z0-9-]+$": "must be small letters, digits and dashes",
    r"^[a-z0-9][a-z0-9-]{0,39}$": f"must be up to 40 small letters, digits and dashes, {_FIRST}",
    r"^[a-z0-9][a-z0-9-]{0,47}$": f"must be up to 48 small letters, digits and dashes, {_FIRST}",
    r"^[a-z0-9][a-z0-9-]{0,63}$": f"must be up to 64 small letters, digits and dashes, {_FIRST}",
    r"^[a-z0-9][a-z0-9._-]{0,63}$": f"must be up to 64 small letters, digits and . _ -, {_FIRST}",
    r"^[a-z0-9][a-z0-9:._-]{0,49}$": f"must be up to 50 small letters, digits and : . _ -, {_FIRST}",
    r"^[A-Z][A-Z0-9]{1,9}$": "must be two to ten capital letters and digits, the first a letter",
    r"^[A-Z][A-Z0-9]{1,9}-[1-9][0-9]*$": "must be the key of a task, such as AUTH-7",
}
_BOUNDS: Final = {
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "string_too_long": "has more than {max_length} characters",
    "literal_error": "must be one of {expected}",
}
_KINDS: Final = {
    "missing": "is missing",
    "extra_forbidden": "is not known here",
    "int_parsing": "must be a whole number",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_parsing": "must be a number",
    "decimal_parsing": "must be a number",
}


def words_of(error: Mapping[str, Any]) -> str:
    """Return what is wrong with a field, as what is said of it: the field itself is not named."""
    kind, context = error["type"], error.get("ctx", {})
    if kind == "string_pattern_mismatch":
        return _PATTERNS.get(context["pattern"], "has another form")
    if kind == "string_too_short":
        least = context["min_length"]
        return "is empty" if least == 1 else f"has fewer than {least} characters"
    if kind == "too_long":
        return f"has more than {context['max_length']} entries"
    if kind == "too_short":
        return "is empty"
    if kind in _BOUNDS:
        return _BOUNDS[kind].format_map(context)
    return _KINDS.get(kind) or str(error["msg"]).removeprefix("Value error, ")
