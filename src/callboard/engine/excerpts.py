"""Finding a text in bodies of events, and showing what stands around it."""

import json
from typing import Final

_AROUND: Final = 60


def in_bodies(text: str) -> bytes:
    """Return a text as it stands in bodies, where capitals of the Latin alphabet do not matter."""
    inside = json.dumps(text.strip(), ensure_ascii=False)[1:-1]
    return inside.encode(errors="replace").lower()


def excerpt(body: bytes, sought: bytes) -> str:
    """Return what stands around the first place of a text in a body, on one line; nothing where it is not in it."""
    place = body.lower().find(sought)
    if place < 0:
        return ""
    begin, end = max(0, place - _AROUND), place + len(sought) + _AROUND
    # a letter of several bytes that was cut in two is left out
    near = body[begin:end].decode(errors="ignore")
    before = "…" if begin else ""
    behind = "…" if end < len(body) else ""
    return f"{before}{' '.join(near.split())}{behind}"
