"""Events become rows: one at a time, so that a thread can be told while it goes on."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from callboard.domain.events.codec import Recorded
from callboard.domain.thread_mark import FACETS, FAILURES, ROW, mark_of
from callboard.engine.thread import calls, gates, lines, steps
from callboard.engine.thread.folding import folded
from callboard.engine.thread.place import Place, Update
from callboard.engine.thread.row import Body, Cast, Player, Problem, Row

_FILTERS = sum(FACETS) & ~ROW
_SOMEBODY = Player("Callboard", is_agent=False)


class Thread:
    """The rows of what was heard so far, by the position of the event that each begins with.

    Events come in the order of their positions. Those that are not `wanted` only complete rows that others want.
    """

    def __init__(self, cast: Cast) -> None:
        self.cast = cast
        self._rows: dict[int, Row] = {}
        self._open: dict[tuple[str, ...], int] = {}
        self._arguments = calls.Arguments()

    def hear(self, position: int, recorded: Recorded, *, wanted: bool = True) -> None:
        """Take an event."""
        place = Place(position, recorded, wanted)
        self._arguments.hear(recorded)
        for way in (calls.told, gates.told, steps.told):
            if (update := way(recorded, self._arguments)) is not None:
                self._shared(place, update)
                return
        body = lines.told(recorded, self._who(recorded.run_id), self.cast)
        if body is not None:
            self._add(place, body)

    def misses(self, position: int, run_id: str, seq: int, at: datetime) -> None:
        """Take note of an event that cannot be read."""
        body = Problem("An event of the log cannot be read.", f"event {seq} of run {run_id}")
        self._rows[position] = Row(
            *(f"e{position}", position, position, at, run_id, seq, self._who(run_id), FAILURES),
            body,
        )

    def rows(self) -> list[Row]:
        """Return the rows that are wanted, oldest first, calls folded."""
        return folded([row for _, row in sorted(self._rows.items()) if row.wanted])

    def forget(self, before: int) -> None:
        """Let go of rows that begin before a position, except those that are not complete yet."""
        waiting = set(self._open.values())
        old = [at for at in self._rows if at < before and at not in waiting]
        for at in old:
            del self._rows[at]

    def _shared(self, place: Place, update: Update) -> None:
        """Make one row of several events: the first one begins it, the others find it by what they are `of`."""
        at = self._open.get(update.of)
        before = None if at is None else self._rows.get(at)
        made = update.body(None if before is None else before.body)
        if before is None:
            if made is None:
                return
            self._add(place, made)
            if update.begins:
                self._open[update.of] = place.position
            return
        if made is not None:
            self._rows[before.position] = replace(
                before,
                body=made,
                touched=place.position,
                facets=before.facets | self._facets(place.recorded),
                wanted=before.wanted or place.wanted,
            )
        if not update.begins:
            self._open.pop(update.of, None)

    def _add(self, place: Place, body: Body) -> None:
        recorded = place.recorded
        self._rows[place.position] = Row(
            key=f"e{place.position}",
            position=place.position,
            touched=place.position,
            at=recorded.at,
            run_id=recorded.run_id,
            seq=recorded.seq,
            who=self._who(recorded.run_id),
            facets=self._facets(recorded),
            body=body,
            wanted=place.wanted,
        )

    def _facets(self, recorded: Recorded) -> int:
        return mark_of(recorded).facets & _FILTERS

    def _who(self, run_id: str) -> Player:
        return self.cast.players.get(run_id, _SOMEBODY)


def rows_of(cast: Cast, events: Sequence[tuple[int, Recorded, bool]]) -> list[Row]:
    """Return the rows of some events: position, event, and whether it is wanted."""
    thread = Thread(cast)
    for position, recorded, wanted in events:
        thread.hear(position, recorded, wanted=wanted)
    return thread.rows()
