"""The texts in an argument, each as it is written and as the path that it comes to."""

import json
import re
from collections.abc import Iterable
from functools import cached_property
from typing import NamedTuple

from pydantic import JsonValue

from callboard.domain.message import JsonObject


class Spelling(NamedTuple):
    """A text, and its one spelling as a path."""

    text: str
    path: str

    @property
    def is_plain(self) -> bool:
        """Return whether the text cannot be a way around: it has no dot segments."""
        return "." not in self.text or not {".", ".."}.intersection(self.text.split("/"))


class Value:
    """One argument of a call, as conditions look at it."""

    def __init__(self, value: JsonValue, root: str) -> None:
        self.value = value
        self._root = root

    @cached_property
    def spellings(self) -> tuple[Spelling, ...]:
        """Every text in the argument."""
        return tuple(Spelling(text, plain_path(text, self._root)) for text in texts(self.value))

    def has(self, pattern: re.Pattern[str]) -> bool:
        """Return whether a pattern matches any text in the argument, as it is written or as a path."""
        matches = pattern.fullmatch
        return any(
            matches(text) or (path != text and matches(path)) for text, path in self.spellings
        )


class Values:
    """The arguments of a call; paths beneath `root`, the workspace, are spelt as relative ones."""

    def __init__(self, arguments: JsonObject, root: str) -> None:
        self._arguments = arguments
        self._root = root
        self._known: dict[str, Value] = {}

    def get(self, name: str) -> Value | None:
        """Return an argument, or None where the call has none of this name."""
        known = self._known.get(name)
        if known is None and name in self._arguments:
            known = self._known[name] = Value(self._arguments[name], self._root)
        return known


def texts(value: JsonValue) -> Iterable[str]:
    """Return every text in a value; true, false, null and numbers as files spell them."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from texts(item)
    else:
        yield json.dumps(value)


def plain_path(text: str, root: str) -> str:
    """Spell a path one way (`./a//b`, `a/./b` and `a/c/../b` are `a/b`), so that no rule is walked around."""
    parts: list[str] = []
    for part in text.split("/"):
        if part == ".." and parts and parts[-1] not in ("", ".."):
            parts.pop()
        elif part not in ("", ".") or (part == "" and not parts and text[:1] == "/"):
            parts.append(part)
    plain = "/".join(parts)
    return plain.removeprefix(f"{root}/") if root else plain
