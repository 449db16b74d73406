"""Which events a window of a thread has, whatever keeps them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Self

from callboard.engine.excerpts import in_bodies
from callboard.ports.threads import Placed, Window, WindowWanted

Look = Callable[[int, int], list[int]]
"""Given an edge and a limit: the positions nearest to the edge, oldest first."""

_BEYOND = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Sides:
    """The positions of a window, oldest first, and whether there are more on either side."""

    places: list[int]
    older: bool
    newer: bool

    @classmethod
    def of(cls, wanted: WindowWanted, older: Look, newer: Look) -> Self:
        """Look for the positions that are wanted. One more than that says whether there are more."""
        most = wanted.limit
        if wanted.around is not None:
            before = older(wanted.around, most // 2 + 1)
            behind = newer(wanted.around - 1, most - most // 2 + 1)
            kept = before[-(most // 2) :] if most > 1 else []
            return cls(
                [*kept, *behind[: most - most // 2]],
                older=len(before) > len(kept),
                newer=len(behind) > most - most // 2,
            )
        if wanted.after is not None:
            behind = newer(wanted.after, most + 1)
            before = older(wanted.after + 1, 1)
            return cls(behind[:most], older=bool(before), newer=len(behind) > most)
        edge = _BEYOND if wanted.before is None else wanted.before
        before = older(edge, most + 1)
        behind = [] if wanted.before is None else newer(edge - 1, 1)
        return cls(before[-most:], older=len(before) > most, newer=bool(behind))


def window_of(sides: Sides, events: Iterable[Placed], head: int) -> Window:
    """Return a window of these events."""
    places = sides.places
    first, last = (places[0], places[-1]) if places else (0, 0)
    return Window(tuple(events), first, last, sides.older, sides.newer, head)


def searched(text: str) -> str:
    """Return a text as it stands in bodies, where capitals of the Latin alphabet do not matter."""
    return in_bodies(text).decode()
