"""Text that cannot act on a terminal."""

from unicodedata import category

from callboard.engine.unseen import is_blank


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
    if char.isprintable() and not is_blank(char):
        return char
    if category(char) == "Zs":
        return " "
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def one_line(text: str, width: int = 100) -> str:
    """Return the text on one line, cut to a width."""
    flat = " ".join(plain(text[: width * 20]).split())
    return flat if len(flat) <= width else f"{flat[: width - 1]}…"
