"""Replacing text in a content. Pure."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from callboard.tools.str_replace.matching import Span, find

_TELLING = 20


@dataclass(frozen=True, slots=True)
class Replacement:
    """Put `new` where `old` is; with `allow_multiple`, wherever it is."""

    old: str
    new: str
    allow_multiple: bool = False


@dataclass(frozen=True, slots=True)
class Replaced:
    """The new content, and a note for every replacement that was not made."""

    content: str
    notes: tuple[str, ...]
    failed: bool


def replace_all(content: str, replacements: Sequence[Replacement]) -> Replaced:
    """Make the replacements one after the other; one that fails leaves the content as it is."""
    notes: list[str] = []
    failed = False
    for replacement in replacements:
        if replacement.old and is_applied(content, replacement):
            notes.append(f"{_quoted(replacement.old)} was already replaced; nothing to do.")
            continue
        changed, note = _replace(content, replacement)
        content = changed
        if note:
            failed = True
            notes.append(note)
    return Replaced(content, tuple(notes), failed)


def is_applied(content: str, replacement: Replacement) -> bool:
    """Whether the content is what an earlier, equal call has left.

    Makes calls repeatable: every occurrence of the old text is part of the new one, or there is none and
    the new text is long enough not to be there by chance.
    """
    old, new = replacement.old, replacement.new
    if old == new or not new or new not in content:
        return False
    if old in new:
        return old not in content.replace(new, "\0")
    return old not in content and ("\n" in new.strip() or len(new.strip()) >= _TELLING)


def _replace(content: str, replacement: Replacement) -> tuple[str, str | None]:
    old = replacement.old
    if not old:
        message = "The old string was empty, which does not match any content, skipping."
        return content, message
    if old == replacement.new:
        return content, "The old and the new string are the same, skipping."
    spans = find(content, old)
    if not spans:
        return content, (
            f"The old string {_quoted(old)} was not found in the file, skipping. Please try again with a"
            " different old string that matches the file content exactly."
        )
    if len(spans) > 1 and not replacement.allow_multiple:
        return content, (
            f"Found {len(spans)} occurrences of {_quoted(old)} in the file. Please try again with a longer"
            " (more specified) old string or set allowMultiple to true."
        )
    return _spliced(content, spans, replacement.new), None


def _spliced(content: str, spans: Sequence[Span], new: str) -> str:
    pieces: list[str] = []
    done = 0
    for span in spans:
        pieces.append(content[done : span.start])
        pieces.append(span.indent.apply(new) if span.indent else new)
        done = span.end
    return "".join([*pieces, content[done:]])


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
