"""Characters that nobody sees, or that change what is seen around them: what they are called."""

from typing import Final
from unicodedata import category, name

_BLANKS: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Characters that Unicode calls printable and nobody sees."""
_NEW_PICTURES: Final = range(0x1F000, 0x1FB00)
"""Where Unicode adds its pictures, some of them after this Python was made."""
_CONTROLS: Final = (
    *("NUL", "SOH", "STX", "ETX", "EOT", "ENQ", "ACK", "BEL", "BS", "TAB", "LF", "VT", "FF", "CR", "SO", "SI"),
    *("DLE", "DC1", "DC2", "DC3", "DC4", "NAK", "SYN", "ETB", "CAN", "EM", "SUB", "ESC", "FS", "GS", "RS", "US"),
)  # fmt: skip
_SHORT: Final = {
    0x7F: "DEL",
    0xA0: "NBSP",
    0xAD: "SHY",
    0x200B: "ZWSP",
    0x200C: "ZWNJ",
    0x200D: "ZWJ",
}


def is_unseen(char: str) -> bool:
    """Return whether a character is invisible or acts on its neighbours: controls (a newline and a tab too),
    changes of direction, zero-width and tag characters, blanks other than the space, lone surrogates.
    """
    if char.isprintable():
        return char in _BLANKS or _selects_variant(char)
    return not (category(char) == "Cn" and ord(char) in _NEW_PICTURES)


def is_blank(char: str) -> bool:
    """Return whether Unicode calls a character printable though nobody sees it."""
    return char in _BLANKS or _selects_variant(char)


def symbol_of(char: str) -> str:
    """Return the short name of a character: `ESC`, `NBSP`, `U+202E`."""
    code = ord(char)
    if code < len(_CONTROLS):
        return _CONTROLS[code]
    return _SHORT.get(code) or f"U+{code:04X}"


def name_of(char: str) -> str:
    """Return what Unicode calls a character, or what kind of thing it is."""
    known = name(char, "")
    if known:
        return known
    code = ord(char)
    if code < len(_CONTROLS) or 0x7F <= code < 0xA0:
        return f"CONTROL CHARACTER {code:02X}"
    kinds = {"Cs": "LONE SURROGATE", "Co": "PRIVATE USE", "Cn": "UNASSIGNED"}
    return f"{kinds.get(category(char), 'CHARACTER')} {code:04X}"


def _selects_variant(char: str) -> bool:
    return "\ufe00" <= char <= "\ufe0e" or "\U000e0100" <= char <= "\U000e01ef"
