"""JSON with comments and trailing commas. Pure."""

import json
import re

from pydantic import JsonValue

_PIECE = re.compile(
    r"""(?P<text>"(?:[^"\\\n]|\\.)*")|(?P<comment>//[^\n]*|/\*.*?\*/)|(?P<space>\s+)|.""",
    re.DOTALL,
)


def loads(text: str) -> JsonValue:
    """Return the value.

    Raises:
        ValueError: it is not JSON in this wider sense; the message has the line and the column.
    """
    return json.loads(plain(text.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}")))


def plain(text: str) -> str:
    """Return strict JSON: comments and trailing commas become spaces, so that places stay the same."""
    pieces: list[str] = []
    comma: int | None = None  # where a comma is that may turn out to be the last of its list
    before = ""
    for found in _PIECE.finditer(text):
        piece = found[0]
        if found["comment"]:
            piece = re.sub(r"[^\n]", " ", piece)
        elif not found["space"]:
            if piece in "]}" and comma is not None:
                pieces[comma] = " "
            is_after_value = before and before not in "[{,:"
            comma = len(pieces) if piece == "," and is_after_value else None
            before = piece
        pieces.append(piece)
    return "".join(pieces)
