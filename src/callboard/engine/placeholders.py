"""Filling `{{ path }}` in a text from a value. What is filled in is never read again: it cannot name further places."""

import json
import re
from typing import Final

from pydantic import JsonValue

PLACE: Final = re.compile(r"\{\{\s*([A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*)\s*\}\}")
_INVISIBLE: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_LONGEST: Final = 20_000


def filled(text: str, value: JsonValue) -> str:
    """Return a text with its places filled; one that the value does not have is left empty. Characters that
    would act on a terminal or turn the reading direction are left out.
    """
    return PLACE.sub(lambda found: _shown(found_at(value, found[1])), text)


def filled_line(text: str, value: JsonValue, longest: int) -> str:
    """Return a text with its places filled, on one line of bounded length."""
    line = " ".join(filled(text, value).split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def found_at(value: JsonValue, path: str) -> JsonValue:
    """Return what is at a dotted path: names of fields, numbers of list items. None where there is nothing."""
    for step in path.split("."):
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list):
            value = value[int(step)] if step.isdecimal() and int(step) < len(value) else None
        else:
            return None
    return value


def visible(text: str) -> str:
    """Return a text without the characters that would act on a terminal or turn the reading direction."""
    return _INVISIBLE.sub("", text)


def _shown(value: JsonValue) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return visible(text)[:_LONGEST]
