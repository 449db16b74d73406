"""Showing files to a model within one budget per call."""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from callboard.ports.workspace import FileRefused, Files
from callboard.tools.outcomes import clean
from callboard.tools.paths import is_template, read_text, same_path, sentinel

BUDGET = 100_000
"""Characters of content per call."""


@dataclass(frozen=True, slots=True)
class Window:
    """A file, or `limit` lines of it from line `offset` (1-based) on."""

    path: str
    offset: int = 1
    limit: int | None = None


def read_windows(files: Files, windows: Sequence[Window]) -> list[JsonValue]:
    """Return `{path, content}` per window, in order, each path and window once.

    Content beyond the budget is left out with a note on how to go on; a file that got none of it has
    `contentOmittedForLength`.
    """
    results: list[JsonValue] = []
    left = BUDGET
    seen: set[Window] = set()
    for window in windows:
        key = Window(same_path(window.path), window.offset, window.limit)
        if not window.path.strip() or key in seen:
            continue
        seen.add(key)
        if left <= 0:
            results.append({"path": clean(window.path), "contentOmittedForLength": True})
            continue
        content = _content(files, window, left)
        left -= len(content)
        results.append({"path": clean(window.path), "content": clean(content)})
    return results


def _content(files: Files, window: Window, budget: int) -> str:
    try:
        text = read_text(files, window.path)
    except FileRefused as refused:
        return sentinel(refused)
    prefix = "[TEMPLATE]\n" if is_template(window.path) else ""
    return prefix + _within(text, window, budget)


def _lines(text: str) -> list[str]:
    """Split at newlines alone: line numbers are then those that code_search gives."""
    *whole, rest = text.split("\n")
    return [*(f"{line}\n" for line in whole), *([rest] if rest else [])]


def _within(text: str, window: Window, budget: int) -> str:
    if window.offset == 1 and window.limit is None and len(text) <= budget:
        return text
    lines = _lines(text)
    start = window.offset - 1
    stop = len(lines) if window.limit is None else min(len(lines), start + window.limit)
    if start >= len(lines):
        return f"[The file has {len(lines)} lines; there is no line {window.offset}.]"
    shown: list[str] = []
    for line in lines[start:stop]:
        if len(line) > budget:
            break
        shown.append(line)
        budget -= len(line)
    end = start + len(shown)
    if end == len(lines):
        return "".join(shown)
    if not shown:
        return f"{lines[start][:budget]}\n[Line {start + 1} is too long and was cut.]"
    place = f"Lines {start + 1}-{end} of {len(lines)}"
    return f"{''.join(shown)}\n[{place}. Go on with offset {end + 1}.]"
