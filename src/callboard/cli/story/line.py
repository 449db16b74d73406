"""The pieces of a story."""

from dataclasses import dataclass
from typing import Literal

Tone = Literal["said", "note", "good", "bad", "head"]


@dataclass(frozen=True, slots=True)
class Piece:
    """Something to tell. `who` None: whoever's run it is.

    `outcome` is what a call came to; a piece that has one, even an empty one, takes one row.
    """

    text: str
    tone: Tone
    who: str | None = None
    outcome: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A piece in its place: seconds since the story began, the run, who it is about."""

    since: float
    run_id: str
    who: str
    piece: Piece
