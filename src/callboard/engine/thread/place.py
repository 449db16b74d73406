"""Events on their way into rows."""

from collections.abc import Callable
from dataclasses import dataclass

from callboard.domain.events.codec import Recorded
from callboard.engine.thread.row import Body

Make = Callable[[Body | None], Body | None]
"""Given what the row is so far (None: it begins), what it is now. None: the event changes nothing."""


@dataclass(frozen=True, slots=True)
class Place:
    """An event at its position, and whether it is wanted for itself."""

    position: int
    recorded: Recorded
    wanted: bool


@dataclass(frozen=True, slots=True)
class Update:
    """What an event does to a row that several share: `of` is what they have in common. The row stays open to others
    as long as its events `begin` it.
    """

    of: tuple[str, ...]
    body: Make
    begins: bool
