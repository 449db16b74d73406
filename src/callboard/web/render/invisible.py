"""Text from outside, shown as it is: what nobody would see, or what would turn its neighbours round, is a symbol.

Two readings. For output that people only read, a terminal's colour and cursor sequences are noise and left out. For
what people approve (commands, arguments, changes) nothing is left out: every character is there, as itself or as a
symbol.
"""

import re
from typing import Final

from markupsafe import Markup, escape

from callboard.engine.unseen import is_unseen, name_of, symbol_of

_TERMINAL: Final = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]{0,64}[ -/]{0,8}[@-~]"  # colours, cursor
    r"|\x1b[ -/]{1,2}[0-~]"  # character sets
    r"|\x1b[=>78cDEHM]"  # keypad, saved cursor, reset
)
"""Sequences that carry no text. One that could carry some (a title, a link) is not among them: it is shown."""
_JOINED: Final = re.compile(
    "(?<=[\u2600-\u27bf\ufe0f\U0001f000-\U0001faff])\u200d(?=[\u2600-\u27bf\U0001f000-\U0001faff])"
)
_KEPT: Final = "\n\t"
_MOST: Final = 4_096


class _Table(dict[int, str | None]):
    """What each character becomes, found out when it is first met."""

    def __init__(self, pattern: str) -> None:
        super().__init__({ord(char): char for char in _KEPT})
        self._pattern = pattern

    def __missing__(self, code: int) -> str:
        char = chr(code)
        shown = char
        if is_unseen(char):
            shown = self._pattern.format(symbol=symbol_of(char), name=name_of(char))
        if len(self) < _MOST:
            self[code] = shown
        return shown


_PLAIN: Final = _Table("⟨{symbol}⟩")
_MARKED: Final = _Table('<span class="inv" title="{name}">{symbol}</span>')


def without_terminal(text: str) -> str:
    """Return text without a terminal's sequences for colour and cursor, and with plain line ends."""
    if "\x1b" in text or "\x9b" in text:
        text = _TERMINAL.sub("", text)
    return text.replace("\r\n", "\n") if "\r" in text else text


def shown(text: str) -> str:
    """Return the text with a symbol such as ⟨U+202E⟩ for each character that nobody sees; newlines and tabs stay."""
    if text.isascii() and text.isprintable():
        return text
    return text.translate(_PLAIN)


def marked(text: str) -> Markup:
    """Return the text escaped, each character that nobody sees as a named symbol; newlines and tabs stay."""
    safe = str(escape(text))
    if not (safe.isascii() and safe.isprintable()):
        safe = safe.translate(_MARKED)
    return Markup(safe)  # noqa: S704 - escaped above; the table adds spans of its own


def output(text: str) -> Markup:
    """Return what a program or a tool put out, for reading: without colours, the rest `marked`."""
    return marked(without_terminal(text))


def written(text: str) -> Markup:
    """Return prose `marked`, but for what writing needs: the joints inside of pictures, and spaces that do not break."""
    if text.isascii() and text.isprintable():
        return escape(text)
    parts = _JOINED.split(without_terminal(text).replace("\u00a0", " ").replace("\u202f", " "))
    return Markup("\u200d").join(map(marked, parts))


def one_line(text: str, width: int = 160) -> Markup:
    """Return the beginning of the text on one line of at most `width` characters, `marked`."""
    flat = " ".join(without_terminal(text[: width * 8]).split())
    cut = flat if len(flat) <= width and len(text) <= width * 8 else f"{flat[: width - 1]}…"
    return marked(cut)
