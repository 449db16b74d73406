"""Globs over whole texts and paths."""

import re
from collections.abc import Iterable
from functools import lru_cache

_WILD = {"/**": r"(?:/.*)?", "**/": r"(?:.*/)?", "**": r".*", "*": r"[^/]*", "?": r"[^/]"}


def glob_matches(pattern: str, text: str) -> bool:
    """Return whether a glob matches the whole text: `*` and `?` stay within a path segment, `**` does not.

    `folder/**` is the folder and everything below it.
    """
    return compiled(pattern).fullmatch(text) is not None


@lru_cache(maxsize=4096)
def compiled(pattern: str) -> re.Pattern[str]:
    """Return a glob as a regular expression for `fullmatch`."""
    return re.compile(_spelt(pattern), re.DOTALL)


def any_of(patterns: Iterable[str]) -> re.Pattern[str]:
    """Return one expression for `fullmatch` that matches what one of several globs does."""
    return re.compile("|".join(f"(?:{_spelt(pattern)})" for pattern in patterns), re.DOTALL)


def _spelt(pattern: str) -> str:
    tokens = re.split(r"(/\*\*$|\*\*/|\*\*|\*|\?)", pattern)
    return "".join(_WILD.get(token) or re.escape(token) for token in tokens)
