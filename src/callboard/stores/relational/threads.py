"""Windows of threads in the same file as the logs."""

import json
from collections.abc import Callable, Iterable
from datetime import datetime

from callboard.domain.errors import RunArchived
from callboard.domain.run_row import RunRow
from callboard.domain.thread_mark import FACETS, ROW
from callboard.ports.threads import (
    Arrivals,
    Placed,
    Span,
    Stirred,
    Stop,
    Window,
    WindowWanted,
)
from callboard.stores.relational.access import Access
from callboard.stores.relational.rows import row_of, sealed_of
from callboard.stores.relational.session import Session
from callboard.stores.relational.work import require_here
from callboard.stores.rules import unknown_run
from callboard.stores.thread_rules import Sides, searched, window_of

Named = dict[str, str | int]


Listen = Callable[[Stirred], Stop]
"""How this kind of database lets somebody know that some process wrote."""


def silent(stirred: Stirred) -> Stop:
    """Call nobody: the database does not tell."""
    del stirred
    return lambda: None


class StoredThreads:
    """`callboard.ports.threads.Threads`; shares the event store's connections."""

    def __init__(self, access: Access, listen: Listen) -> None:
        self._readers = access.readers
        self._listen = listen

    def listen(self, stirred: Stirred) -> Stop:
        """See `Threads`."""
        return self._listen(stirred)

    async def window(self, wanted: WindowWanted) -> Window:
        """See `Threads`."""
        return await self._readers.run(lambda session: _window(session, wanted))

    async def since(self, run_id: str, after: int, limit: int = 1_000) -> Window:
        """See `Threads`."""

        def query(session: Session) -> Window:
            named = _thread(session, run_id)
            head = _head(session, named)
            edges = {"edge": after, "limit": limit + 1}
            found = [
                place for (place,) in session.execute(session.sql.THREAD_BEHIND, named | edges)
            ]
            sides = Sides(found[:limit], older=after > 0, newer=len(found) > limit)
            return window_of(sides, _events(session, named, sides.places), head)

        return await self._readers.run(query)

    async def counts(self, run_id: str) -> dict[int, int]:
        """See `Threads`."""

        def query(session: Session) -> dict[int, int]:
            counted = session.execute(
                session.sql.THREAD_COUNTS, _thread(session, run_id)
            ).fetchone()
            return dict(zip(FACETS, counted, strict=True))

        return await self._readers.run(query)

    async def spans(self, run_id: str) -> list[Span]:
        """See `Threads`."""

        def query(session: Session) -> list[Span]:
            found = session.execute(session.sql.THREAD_SPANS, _thread(session, run_id))
            return [
                Span(position, datetime.fromisoformat(at), facets, took_ms, nano_usd)
                for position, at, facets, took_ms, nano_usd in found
            ]

        return await self._readers.run(query)

    async def runs(self, run_id: str) -> list[RunRow]:
        """See `Threads`."""

        def query(session: Session) -> list[RunRow]:
            found = session.execute(session.sql.THREAD_RUNS, {"run_id": run_id})
            rows = [row_of(record) for record in found]
            if not rows:
                raise unknown_run(run_id)
            return rows

        return await self._readers.run(query)

    async def arrived(self, after: int | None) -> Arrivals:
        """See `Threads`."""

        def query(session: Session) -> Arrivals:
            (head,) = session.execute(session.sql.LAST_POSITION).fetchone()
            if after is None:
                return Arrivals(head or 0, {})
            if (head or 0) <= after:
                return Arrivals(after, {})
            found = dict(session.execute(session.sql.ARRIVED, {"after": after}))
            return Arrivals(max(found.values(), default=after), found)

        return await self._readers.run(query)

    async def place_of(self, run_id: str, seq: int) -> int | None:
        """See `Threads`."""

        def query(session: Session) -> int | None:
            named = {"run_id": run_id, "seq": seq}
            found = session.execute(session.sql.EVENT_PLACE, named).fetchone()
            if found is None:
                require_here(session, run_id)
            return None if found is None else int(found[0])

        return await self._readers.run(query)


def _thread(session: Session, run_id: str) -> Named:
    """Return what names a thread: the root's marks, all of them or those below a run."""
    found = session.execute(session.sql.ROOT_OF, {"run_id": run_id}).fetchone()
    if found is None:
        raise unknown_run(run_id)
    root_id, file = found
    if file is not None:
        raise RunArchived(run_id, file)
    return {"run_id": run_id, "root_id": str(root_id), "whole": root_id == run_id}


def _head(session: Session, named: Named) -> int:
    found = session.execute(session.sql.THREAD_HEAD, named).fetchone()
    return 0 if found is None else int(found[0])


def _window(session: Session, wanted: WindowWanted) -> Window:
    named = _thread(session, wanted.run_id)
    head = _head(session, named)
    text = searched(wanted.text)
    chosen = named | {"facet": wanted.facet, "any_text": not text, "text": text}

    def older(edge: int, limit: int) -> list[int]:
        params = chosen | {"edge": edge, "limit": limit}
        return [place for (place,) in session.execute(session.sql.THREAD_OLDER, params)][::-1]

    def newer(edge: int, limit: int) -> list[int]:
        params = chosen | {"edge": edge, "limit": limit}
        return [place for (place,) in session.execute(session.sql.THREAD_NEWER, params)]

    sides = Sides.of(wanted, older, newer)
    at_the_end = not sides.newer and wanted.facet == ROW and not text
    last = sides.places[-1] if sides.places else 0
    extra: list[int] = []
    if at_the_end and last < head:  # what is under way has no row of its own yet
        edges = {"edge": last, "limit": wanted.limit}
        extra = [place for (place,) in session.execute(session.sql.THREAD_BEHIND, named | edges)]
    return window_of(sides, _events(session, named, sides.places, extra), head)


def _events(
    session: Session, named: Named, places: list[int], extra: Iterable[int] = ()
) -> list[Placed]:
    if not places and not extra:
        return []
    asked = named | {"positions": json.dumps(places)}
    found = {place for (place,) in session.execute(session.sql.THREAD_COMPANIONS, asked)}
    wanted = set(places)
    every = {"positions": json.dumps(sorted(found | wanted | set(extra)))}
    return [
        Placed(record[0], sealed_of(record[1:]), record[0] in wanted)
        for record in session.execute(session.sql.EVENTS_AT, every)
    ]
