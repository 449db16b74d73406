"""Text that cannot act on a terminal."""

from unicodedata import category

_BLANKS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Characters that Unicode calls printable and nobody sees."""


def plain(text: str) -> str:
    """Return text that cannot act on a terminal or hide something: controls, changes of direction and
    invisible characters are spelled out; newlines and tabs stay.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_shown, text))


def _shown(char: str) -> str:
    if char in "\n\t":
        return char
    if char == "\r":
        return ""
    if char.isprintable() and not _is_blank(char):
        return char
    if category(char) == "Zs":
        return " "
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _is_blank(char: str) -> bool:
    selects_variant = "\ufe00" <= char <= "\ufe0e" or "\U000e0100" <= char <= "\U000e01ef"
    return char in _BLANKS or selects_variant


def one_line(text: str, width: int = 100) -> str:
    """Return the text on one line, cut to a width."""
    flat = " ".join(plain(text[: width * 20]).split())
    return flat if len(flat) <= width else f"{flat[: width - 1]}…"
