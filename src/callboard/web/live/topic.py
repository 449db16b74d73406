"""What can be watched: a topic tells what changed since a position, in pieces that a page puts in place by key."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypedDict

from callboard.domain.org.principal import Principal
from callboard.ports.threads import Arrivals
from callboard.usecases.app import App

LATEST = 1_000
"""So many events behind, a page is read anew and not caught up."""


class Op(TypedDict, total=False):
    """One piece: `k` names it, `h` is its markup, `d` text to append to it, `x` takes it away; `n` is a number, `c`
    the column that it stands in, `b` the piece before which it stands there.
    """

    k: str
    h: str
    d: str
    x: int
    n: int
    c: str
    b: str


@dataclass(frozen=True, slots=True)
class Batch:
    """What changed up to the position `seq`. `reset`: too much, the page is to be read anew."""

    seq: int
    ops: Sequence[Op] = ()
    reset: bool = False


class Topic(Protocol):
    """One thing that somebody watches. `every_s` is how long it rests at least between two looks.

    The hub never calls two methods of one topic at the same time.
    """

    every_s: float

    async def begin(self, app: App) -> None:
        """Look for the first time.

        Raises:
            UnknownThing: it is not there.
        """
        ...

    async def may(self, app: App, who: Principal) -> bool:
        """Return whether somebody may watch."""
        ...

    def concerns(self, arrivals: Arrivals) -> bool:
        """Return whether it may have changed with what arrived."""
        ...

    async def since(self, app: App, cursor: int) -> Batch | None:
        """Return what a page that is at `cursor` lacks of what was told so far, if anything."""
        ...

    async def advance(self, app: App) -> Batch | None:
        """Look again; return what changed since the last look, if anything."""
        ...
