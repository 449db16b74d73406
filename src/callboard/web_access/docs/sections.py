"""Texts as sections with headings. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_FENCE = re.compile(r"\s{0,3}(```+|~~~+)")
_MARKDOWN = re.compile(r"(#{1,6})\s+(.+?)\s*#*\Z")
_UNDERLINE = re.compile(r"([=\-~^\"'`#*+.:_])\1{2,}\Z")
_DEEPEST = 6
_LONGEST = 6000


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a text. `origin` says where it is from; `heading` names the headings above it too."""

    origin: str
    heading: str
    text: str


def sections(origin: str, text: str) -> Iterator[Section]:
    """Yield the sections of a Markdown, reStructuredText or plain text, long ones in pieces."""
    for heading, lines in _parts(text.splitlines()):
        body = "\n".join(lines).strip()
        for piece in _pieces(body):
            yield Section(origin, heading, piece)


def _parts(lines: list[str]) -> Iterator[tuple[str, list[str]]]:
    above: list[str] = []
    part: list[str] = []
    levels: list[str] = []
    fence = ""
    skip = False
    for number, line in enumerate(lines):
        if skip:
            skip = False
            continue
        fence = _fence_after(line, fence)
        level, title, skip = (0, "", False) if fence else _heading(lines, number, levels)
        if not level:
            part.append(line)
            continue
        yield " / ".join(above), part
        above, part = [*above[: level - 1], title], []
    yield " / ".join(above), part


def _heading(lines: list[str], number: int, levels: list[str]) -> tuple[int, str, bool]:
    """Return a heading's level (0: none), its text, and whether the next line belongs to it."""
    line = lines[number]
    marked = _MARKDOWN.match(line)
    if marked:
        return len(marked[1]), marked[2], False
    below = lines[number + 1].rstrip() if number + 1 < len(lines) else ""
    underlined = _UNDERLINE.match(below)
    title = line.strip()
    if not underlined or not title or line != line.lstrip() or _UNDERLINE.match(title):
        return 0, "", False
    if len(below) < len(title) and len(below) < 4:
        return 0, "", False
    if underlined[1] not in levels:
        levels.append(underlined[1])
    return min(levels.index(underlined[1]) + 1, _DEEPEST), title, True


def _fence_after(line: str, fence: str) -> str:
    """Return the fence of the code block that the line is in, or "" outside of one."""
    found = _FENCE.match(line)
    if not found:
        return fence
    if not fence:
        return found[1]
    return "" if found[1].startswith(fence) else fence


def _pieces(text: str) -> Iterator[str]:
    while len(text) > _LONGEST:
        cut = max(text.rfind("\n\n", 0, _LONGEST), _LONGEST // 2)
        yield text[:cut].strip()
        text = text[cut:].strip()
    if text:
        yield text
