"""The two settings of a tsconfig.json that say where imports lead: `baseUrl` and `paths`."""

import json
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, cast

_STRING_OR_COMMENT: Final = re.compile(r'"(?:\\.|[^"\\])*"|//[^\n]*|/\*.*?\*/', re.DOTALL)
_STRING_OR_COMMA: Final = re.compile(r'"(?:\\.|[^"\\])*"|,(?=\s*[}\]])', re.DOTALL)
_MAX_LENGTH: Final = 100_000
_MAX_PATTERNS: Final = 200


@dataclass(frozen=True, slots=True)
class Paths:
    """Patterns with their replacements, and the folder in which other names are looked for."""

    patterns: tuple[tuple[str, tuple[str, ...]], ...] = ()
    base: str | None = None

    def of(self, specifier: str) -> Iterator[str]:
        """Return the places that a specifier may mean, relative to the root of the folder."""
        for pattern, places in self.patterns:
            before, star, after = pattern.partition("*")
            if not star:
                if specifier == pattern:
                    yield from places
            elif specifier.startswith(before) and specifier.endswith(after):
                middle = specifier[len(before) : len(specifier) - len(after)]
                yield from (place.replace("*", middle, 1) for place in places)
        if self.base is not None:
            yield posixpath.join(self.base, specifier)


def paths_of(text: str, folder: str) -> Paths:
    """Return what a tsconfig.json in `folder` says; whatever cannot be read in it says nothing."""
    options = _options(text)
    base = options.get("baseUrl")
    root = posixpath.join(folder, base) if isinstance(base, str) else None
    start = folder if root is None else root
    patterns: list[tuple[str, tuple[str, ...]]] = []
    given = options.get("paths")
    members = cast("dict[str, object]", given) if isinstance(given, dict) else {}
    for pattern, places in list(members.items())[:_MAX_PATTERNS]:
        listed = cast("list[object]", places) if isinstance(places, list) else []
        texts = [posixpath.join(start, one) for one in listed if isinstance(one, str)]
        patterns.append((pattern, tuple(texts)))
    return Paths(tuple(patterns), root)


def _options(text: str) -> dict[str, object]:
    if len(text) > _MAX_LENGTH:
        return {}
    plain = _STRING_OR_COMMENT.sub(_without_comment, text)
    plain = _STRING_OR_COMMA.sub(lambda match: "" if match[0] == "," else match[0], plain)
    try:
        value: object = json.loads(plain)
    except (ValueError, RecursionError):
        return {}
    options = (
        cast("dict[str, object]", value).get("compilerOptions") if isinstance(value, dict) else None
    )
    return cast("dict[str, object]", options) if isinstance(options, dict) else {}


def _without_comment(match: re.Match[str]) -> str:
    return " " if match[0].startswith("/") else match[0]
