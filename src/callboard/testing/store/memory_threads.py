"""Windows of threads in memory, with the semantics of the real ones."""

from collections.abc import Callable, Iterable

from callboard.domain.run_row import RunRow
from callboard.domain.thread_mark import (
    BEGINS,
    BY_MODEL,
    BY_TOOL,
    DECISIONS,
    FACETS,
    FAILURES,
    ROW,
    SHARED,
)
from callboard.ports.threads import (
    Arrivals,
    Placed,
    Span,
    Stirred,
    Stop,
    Window,
    WindowWanted,
)
from callboard.stores.thread_rules import Sides, searched, window_of
from callboard.testing.store.memory import MemoryDisk, run_row

_TELLING = BY_MODEL | BY_TOOL | DECISIONS | FAILURES


class MemoryThreads:
    """`callboard.ports.threads.Threads` over a `MemoryDisk`. A position is a place in its list of events, from 1."""

    def __init__(self, disk: MemoryDisk) -> None:
        self._disk = disk

    def listen(self, stirred: Stirred) -> Stop:
        """See `Threads`: nobody is called."""
        del stirred
        return lambda: None

    async def window(self, wanted: WindowWanted) -> Window:
        """See `Threads`."""
        thread = self._thread(wanted.run_id)
        text = searched(wanted.text)
        fits = [at for at in thread if self._fits(at, wanted.facet, text)]
        sides = Sides.of(wanted, _older(fits), _newer(fits))
        extra: list[int] = []
        if not sides.newer and wanted.facet == ROW and not text:
            last = sides.places[-1] if sides.places else 0
            extra = [at for at in thread if at > last][: wanted.limit]
        return window_of(sides, self._events(thread, sides.places, extra), thread[-1])

    async def since(self, run_id: str, after: int, limit: int = 1_000) -> Window:
        """See `Threads`."""
        thread = self._thread(run_id)
        found = [at for at in thread if at > after]
        sides = Sides(found[:limit], older=after > 0, newer=len(found) > limit)
        return window_of(sides, self._events(thread, sides.places), thread[-1])

    async def counts(self, run_id: str) -> dict[int, int]:
        """See `Threads`."""
        thread = self._thread(run_id)
        return {facet: sum(1 for at in thread if self._facets(at) & facet) for facet in FACETS}

    async def spans(self, run_id: str) -> list[Span]:
        """See `Threads`."""
        marks = ((at, self._disk.marks[at - 1]) for at in self._thread(run_id))
        return [
            Span(at, mark.at, mark.facets, mark.took_ms, mark.nano_usd)
            for at, mark in marks
            if mark.facets & _TELLING
        ]

    async def runs(self, run_id: str) -> list[RunRow]:
        """See `Threads`."""
        below = self._below(run_id)
        rows = [run_row(run.row) for run in self._disk.runs.values()]
        return sorted(
            (row for row in rows if row.run_id in below),
            key=lambda row: (row.created_at, row.run_id),
        )

    async def arrived(self, after: int | None) -> Arrivals:
        """See `Threads`."""
        if after is None:
            return Arrivals(len(self._disk.events), {})
        places = enumerate(self._disk.events[after:], start=after + 1)
        found = {self._disk.run(event.run_id).root_id: at for at, event in places if event.run_id}
        return Arrivals(max(found.values(), default=after), found)

    async def place_of(self, run_id: str, seq: int) -> int | None:
        """See `Threads`."""
        places = enumerate(self._disk.events, start=1)
        found = next((at for at, e in places if (e.run_id, e.seq) == (run_id, seq)), None)
        if found is None and run_id in self._disk.shelf:
            self._disk.here(run_id)
        return found

    def _thread(self, run_id: str) -> list[int]:
        self._disk.here(run_id)
        below = self._below(run_id)
        places = enumerate(self._disk.events, start=1)
        return [at for at, event in places if event.run_id in below]

    def _below(self, run_id: str) -> set[str]:
        self._disk.run(run_id)
        below = {run_id}
        for run in self._disk.runs.values():  # parents are created before their children
            row = run_row(run.row)
            if row.parent_id in below:
                below.add(row.run_id)
        return below

    def _facets(self, at: int) -> int:
        return self._disk.marks[at - 1].facets

    def _fits(self, at: int, facet: int, text: str) -> bool:
        body = self._disk.events[at - 1].body.lower()
        return bool(self._facets(at) & facet) and text.encode() in body

    def _events(
        self, thread: list[int], places: list[int], extra: Iterable[int] = ()
    ) -> list[Placed]:
        wanted = set(places)
        every = {*places, *extra, *(one for at in places for one in self._companions(thread, at))}
        return [Placed(at, self._disk.events[at - 1], at in wanted) for at in sorted(every)]

    def _companions(self, thread: list[int], at: int) -> list[int]:
        if not self._facets(at) & SHARED:
            return []
        run_id = self._disk.events[at - 1].run_id
        own = [one for one in thread if self._disk.events[one - 1].run_id == run_id]
        begins = [one for one in own if self._facets(one) & BEGINS]
        low = max((one for one in begins if one <= at), default=0)
        high = min((one for one in begins if one > at), default=len(self._disk.events) + 1)
        return [one for one in own if low <= one < high and self._facets(one) & SHARED]


def _older(fits: list[int]) -> Callable[[int, int], list[int]]:
    return lambda edge, limit: [at for at in fits if at < edge][-limit:]


def _newer(fits: list[int]) -> Callable[[int, int], list[int]]:
    return lambda edge, limit: [at for at in fits if at > edge][:limit]
