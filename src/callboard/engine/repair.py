"""What sloppy models mean: names and arguments that are almost right. Nothing is guessed that could be read
in two ways, and text that was cut off is never completed.
"""

import ast
import json
import re
from collections.abc import Collection
from typing import cast

from callboard.domain.message import JsonObject

_FENCE = re.compile(r"\s*```(?:json)?\s*\n(.*?)\n?\s*```\s*", re.DOTALL)
_STRING_OR_COMMA = re.compile(r'("(?:[^"\\]|\\.)*")|,(\s*[}\]])')
_BARE = re.compile(r'\{\s*"(\w+)"\s*:\s*([^"\s{}\[\]][^"{}\[\]\n]*?)\s*\}')
_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_PREFIXES = re.compile(r"(?:functions|tools?|default_api)[._]")
_LONGEST_LITERAL = 20_000
_MOST_PARSES = 3


def meant_name(name: str, names: Collection[str]) -> str:
    """Return the one of `names` that a name means, or the name as it is."""
    if name in names:
        return name
    wanted = _plain(name)
    alike = [known for known in names if _plain(known) == wanted]
    return alike[0] if len(alike) == 1 else name


def _plain(name: str) -> str:
    prefix = _PREFIXES.match(name)
    name = name[prefix.end() :] if prefix else name
    return _WORD.sub("_", name).replace("-", "_").replace(".", "_").strip("_ ").lower()


def repaired_object(text: str) -> JsonObject | None:
    """Return the JSON object that a text means, or None.

    Read are objects in a code fence, with trailing commas, as Python literals, encoded twice, or with one
    bare word for a value.
    """
    fenced = _FENCE.fullmatch(text)
    body = (fenced[1] if fenced else text).strip()
    for candidate in (body, _without_trailing_commas(body)):
        found = _object(candidate)
        if found is not None:
            return found
    return _literal(body) or _bare(body)


def _object(text: str) -> JsonObject | None:
    found: object = text
    for _ in range(_MOST_PARSES):
        if not isinstance(found, str):
            break
        try:
            found = json.loads(found)
        except (ValueError, RecursionError):
            return None
    return cast("JsonObject", found) if isinstance(found, dict) else None


def _without_trailing_commas(text: str) -> str:
    """Strings are stepped over, so that a comma in one stays."""
    return _STRING_OR_COMMA.sub(lambda found: found[1] or found[2], text)


def _literal(text: str) -> JsonObject | None:
    if len(text) > _LONGEST_LITERAL or not text.startswith("{"):
        return None
    try:
        found = ast.literal_eval(text)
        again = json.loads(json.dumps(found, allow_nan=False))
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return None
    return cast("JsonObject", again) if isinstance(again, dict) else None


def _bare(text: str) -> JsonObject | None:
    found = _BARE.fullmatch(text)
    return {found[1]: found[2]} if found else None
