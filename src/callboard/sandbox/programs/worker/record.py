"""Mappings that programs see: both spellings of a key, and attributes."""

import re
from typing import Any

_WORD = re.compile(r"_([a-z0-9])")
_HUMP = re.compile(r"(?<=[a-z0-9])([A-Z])")


def camel(name: str) -> str:
    """Return `tool_result` as `toolResult`."""
    return _WORD.sub(lambda found: found[1].upper(), name)


def snake(name: str) -> str:
    """Return `toolResult` as `tool_result`."""
    return _HUMP.sub(lambda found: f"_{found[1].lower()}", name)


class Record(dict[str, Any]):
    """A dict whose keys can be asked for in snake_case and camelCase, also as attributes.

    It holds each key once, as it was given; so that is how it is written out.
    """

    def _held(self, key: Any) -> Any:
        if not isinstance(key, str) or dict[str, Any].__contains__(self, key):
            return key
        return next(
            (name for name in (camel(key), snake(key)) if dict[str, Any].__contains__(self, name)),
            key,
        )

    def __missing__(self, key: Any) -> Any:
        held = self._held(key)
        if super().__contains__(held):
            return super().__getitem__(held)
        raise KeyError(key)

    def __contains__(self, key: object) -> bool:
        return super().__contains__(self._held(key))

    def get(self, key: Any, default: Any = None) -> Any:
        """Return the value of a key in either spelling."""
        return super().get(self._held(key), default)

    def __getattr__(self, name: str) -> Any:
        if name in self:
            return self[name]
        known = ", ".join(snake(key) for key in self)
        raise AttributeError(f"there is no {name!r} here; there are {known}")
