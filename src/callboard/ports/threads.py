"""Threads: the events of a run and of everything below it, in the order in which they were stored.

A position counts all events of a store, whatever their run; within a thread positions only grow.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from callboard.domain.events.codec import Sealed
from callboard.domain.run_row import RunRow
from callboard.domain.thread_mark import ROW


@dataclass(frozen=True, slots=True)
class WindowWanted:
    """Which events of a thread: those with the bit `facet` (see `thread_mark`), and with `text` in their body where
    one is given. Of these the last `limit`, or those before, behind or around a position.
    """

    run_id: str
    facet: int = ROW
    text: str = ""
    before: int | None = None
    after: int | None = None
    around: int | None = None
    limit: int = 200


class Placed(NamedTuple):
    """A stored event at its position. One that is not `wanted` only completes what others begin or end."""

    position: int
    sealed: Sealed
    wanted: bool = True


@dataclass(frozen=True, slots=True)
class Window:
    """Events by position. `older` and `newer` say whether there are more wanted ones on that side; `first` and `last`
    are the positions of the wanted ones at the edges (0 where there is none), `head` is that of the thread's last
    event.
    """

    events: tuple[Placed, ...]
    first: int
    last: int
    older: bool
    newer: bool
    head: int


class Span(NamedTuple):
    """Some time of a thread: it ended at `at` and took `took_ms`; `facets` tell what it was, `nano_usd` what it
    cost.
    """

    position: int
    at: datetime
    facets: int
    took_ms: int
    nano_usd: int


@dataclass(frozen=True, slots=True)
class Arrivals:
    """What was stored lately: the last position there is, and the last one of each thread, by its root."""

    head: int
    threads: Mapping[str, int]


Stirred = Callable[[], None]
Stop = Callable[[], None]


class Threads(Protocol):
    """Looks into threads without reading them whole."""

    async def window(self, wanted: WindowWanted) -> Window:
        """Return the wanted events, and those that make rows together with them.

        Raises:
            UnknownThing: no such run.
        """
        ...

    async def since(self, run_id: str, after: int, limit: int = 1_000) -> Window:
        """Return every event behind a position, the oldest `limit` of them, and those before it that make rows
        together with them.

        Raises:
            UnknownThing: no such run.
        """
        ...

    async def counts(self, run_id: str) -> dict[int, int]:
        """Return how many events of a thread have each facet.

        Raises:
            UnknownThing: no such run.
        """
        ...

    async def spans(self, run_id: str) -> list[Span]:
        """Return what took time, cost money or was to be decided, in order.

        Raises:
            UnknownThing: no such run.
        """
        ...

    async def runs(self, run_id: str) -> list[RunRow]:
        """Return the projections of a run and of everything below it, the oldest first.

        Raises:
            UnknownThing: no such run.
        """
        ...

    async def arrived(self, after: int | None) -> Arrivals:
        """Return what was stored behind a position; without one, only the last position there is. Cheap where
        nothing was stored.
        """
        ...

    def listen(self, stirred: Stirred) -> Stop:
        """Let somebody be called, in any thread, soon after some process has stored something; return how to end that.

        A store need not notice: whoever listens looks from time to time all the same.
        """
        ...

    async def place_of(self, run_id: str, seq: int) -> int | None:
        """Return the position of a run's event."""
        ...
