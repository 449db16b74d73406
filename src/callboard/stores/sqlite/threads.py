"""Windows of threads in the same file as the logs."""

import json
import sqlite3
from collections.abc import Iterable
from datetime import datetime

from callboard.domain.run_row import RunRow
from callboard.domain.thread_mark import FACETS, ROW
from callboard.ports.threads import Arrivals, Placed, Span, Window, WindowWanted
from callboard.stores.rules import unknown_run
from callboard.stores.sqlite import sql
from callboard.stores.sqlite.readers import Readers
from callboard.stores.sqlite.rows import row_of, sealed_of
from callboard.stores.thread_rules import Sides, searched, window_of

Named = dict[str, str | int]


class SqliteThreads:
    """`callboard.ports.threads.Threads`; shares the event store's connections."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers

    async def window(self, wanted: WindowWanted) -> Window:
        """See `Threads`."""
        return await self._readers.run(lambda connection: _window(connection, wanted))

    async def since(self, run_id: str, after: int, limit: int = 1_000) -> Window:
        """See `Threads`."""

        def query(connection: sqlite3.Connection) -> Window:
            named = _thread(connection, run_id)
            head = _head(connection, named)
            edges = {"edge": after, "limit": limit + 1}
            found = [place for (place,) in connection.execute(sql.THREAD_BEHIND, named | edges)]
            sides = Sides(found[:limit], older=after > 0, newer=len(found) > limit)
            return window_of(sides, _events(connection, named, sides.places), head)

        return await self._readers.run(query)

    async def counts(self, run_id: str) -> dict[int, int]:
        """See `Threads`."""

        def query(connection: sqlite3.Connection) -> dict[int, int]:
            counted = connection.execute(sql.THREAD_COUNTS, _thread(connection, run_id)).fetchone()
            return dict(zip(FACETS, counted, strict=True))

        return await self._readers.run(query)

    async def spans(self, run_id: str) -> list[Span]:
        """See `Threads`."""

        def query(connection: sqlite3.Connection) -> list[Span]:
            found = connection.execute(sql.THREAD_SPANS, _thread(connection, run_id))
            return [
                Span(position, datetime.fromisoformat(at), facets, took_ms, nano_usd)
                for position, at, facets, took_ms, nano_usd in found
            ]

        return await self._readers.run(query)

    async def runs(self, run_id: str) -> list[RunRow]:
        """See `Threads`."""

        def query(connection: sqlite3.Connection) -> list[RunRow]:
            found = connection.execute(sql.THREAD_RUNS, {"run_id": run_id})
            rows = [row_of(record) for record in found]
            if not rows:
                raise unknown_run(run_id)
            return rows

        return await self._readers.run(query)

    async def arrived(self, after: int | None) -> Arrivals:
        """See `Threads`."""

        def query(connection: sqlite3.Connection) -> Arrivals:
            (head,) = connection.execute(sql.LAST_POSITION).fetchone()
            if after is None:
                return Arrivals(head or 0, {})
            if (head or 0) <= after:
                return Arrivals(after, {})
            found = dict(connection.execute(sql.ARRIVED, {"after": after}))
            return Arrivals(max(found.values(), default=after), found)

        return await self._readers.run(query)

    async def place_of(self, run_id: str, seq: int) -> int | None:
        """See `Threads`."""

        def query(connection: sqlite3.Connection) -> int | None:
            named = {"run_id": run_id, "seq": seq}
            found = connection.execute(sql.EVENT_PLACE, named).fetchone()
            return None if found is None else int(found[0])

        return await self._readers.run(query)


def _thread(connection: sqlite3.Connection, run_id: str) -> Named:
    """Return what names a thread: the root's marks, all of them or those below a run."""
    found = connection.execute(sql.ROOT_OF, {"run_id": run_id}).fetchone()
    if found is None:
        raise unknown_run(run_id)
    return {"run_id": run_id, "root_id": str(found[0]), "whole": int(found[0] == run_id)}


def _head(connection: sqlite3.Connection, named: Named) -> int:
    found = connection.execute(sql.THREAD_HEAD, named).fetchone()
    return 0 if found is None else int(found[0])


def _window(connection: sqlite3.Connection, wanted: WindowWanted) -> Window:
    named = _thread(connection, wanted.run_id)
    head = _head(connection, named)
    text = searched(wanted.text)
    chosen = named | {"facet": wanted.facet, "any_text": int(not text), "text": text}

    def older(edge: int, limit: int) -> list[int]:
        params = chosen | {"edge": edge, "limit": limit}
        return [place for (place,) in connection.execute(sql.THREAD_OLDER, params)][::-1]

    def newer(edge: int, limit: int) -> list[int]:
        params = chosen | {"edge": edge, "limit": limit}
        return [place for (place,) in connection.execute(sql.THREAD_NEWER, params)]

    sides = Sides.of(wanted, older, newer)
    at_the_end = not sides.newer and wanted.facet == ROW and not text
    last = sides.places[-1] if sides.places else 0
    extra: list[int] = []
    if at_the_end and last < head:  # what is under way has no row of its own yet
        edges = {"edge": last, "limit": wanted.limit}
        extra = [place for (place,) in connection.execute(sql.THREAD_BEHIND, named | edges)]
    return window_of(sides, _events(connection, named, sides.places, extra), head)


def _events(
    connection: sqlite3.Connection, named: Named, places: list[int], extra: Iterable[int] = ()
) -> list[Placed]:
    if not places and not extra:
        return []
    asked = named | {"positions": json.dumps(places)}
    found = {place for (place,) in connection.execute(sql.THREAD_COMPANIONS, asked)}
    wanted = set(places)
    every = {"positions": json.dumps(sorted(found | wanted | set(extra)))}
    return [
        Placed(record[0], sealed_of(record[1:]), record[0] in wanted)
        for record in connection.execute(sql.EVENTS_AT, every)
    ]
