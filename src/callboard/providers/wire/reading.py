"""Reading untrusted JSON: each function returns what was asked for, or an empty value of that type."""

from decimal import Decimal
from math import isfinite
from typing import cast

from pydantic import JsonValue

from callboard.domain.message import JsonObject
from callboard.domain.usage import usd

_MOST_TOKENS = 10**15
_MOST_USD = 10**9


def obj(value: JsonValue) -> JsonObject:
    """Return `value` if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def array(value: JsonValue) -> list[JsonValue]:
    """Return `value` if it is an array, else an empty one."""
    return value if isinstance(value, list) else []


def string(value: JsonValue) -> str:
    """Return `value` if it is a string, else an empty one."""
    return value if isinstance(value, str) else ""


def count(value: JsonValue) -> int | None:
    """Return a number of tokens, or None where it is missing, negative, or no sensible number."""
    if type(value) is not int and not (isinstance(value, float) and isfinite(value)):
        return None
    return int(value) if 0 <= value <= _MOST_TOKENS else None


def money(value: JsonValue) -> Decimal | None:
    """Return an amount in US dollars, or None where it is missing, negative, or no sensible number."""
    if type(value) is not int and not (isinstance(value, float) and isfinite(value)):
        return None
    return usd(value) if 0 <= value <= _MOST_USD else None


def as_json(value: object) -> JsonValue:
    """Return a value that is known to be JSON, for the type checker (lists and dicts are invariant)."""
    return cast("JsonValue", value)
