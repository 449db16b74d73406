"""The topic of a thread: its rows as they come and change, and what models are saying just now."""

from collections.abc import Callable
from datetime import datetime, timezone
from typing import Final

from callboard.domain.errors import CallboardError, LogCorrupt, UnknownThing
from callboard.domain.events.codec import Recorded, unseal
from callboard.domain.events.model_call import (
    ModelCallCompleted,
    ModelCallFailed,
    ModelCallStarted,
)
from callboard.domain.events.run import RunCancelled, RunFailed
from callboard.domain.org.principal import Principal
from callboard.domain.run_row import RunRow
from callboard.domain.thread_mark import mark_of
from callboard.engine.thread.milestones import Payment, milestones
from callboard.engine.thread.row import Cast, Folded, Row
from callboard.engine.thread.telling import Thread
from callboard.ports.model import Delta, TextDelta
from callboard.ports.threads import Arrivals, Window, WindowWanted
from callboard.usecases.app import App, require_run
from callboard.usecases.threads import cast_of
from callboard.web.live.speech import Speech
from callboard.web.live.topic import LATEST, Batch, Op

Show = Callable[[Row], str]
"""A page's own way to write a row."""
_EARLIER: Final = datetime.min.replace(tzinfo=timezone.utc)
KEPT: Final = 300
"""So many rows of the end are kept, to see what they become."""


class ThreadTopic:
    """One run's thread. Rows are told by key: new ones, changed ones, and those that a fold took in."""

    every_s = 0.0

    def __init__(self, run_id: str, show: Show) -> None:
        self.run_id = run_id
        self._show = show
        self._root_id = run_id
        self._seq = 0
        self._known_from = 0
        self._heard: set[int] = set()
        self._shown: dict[str, tuple[int, int]] = {}
        self._paid = 0
        self._speech = Speech()
        self._thread = Thread(Cast({}, {}))

    async def begin(self, app: App) -> None:
        """Read the end of the thread."""
        row = await _row(app, self.run_id)
        self._root_id = row.root_id
        self._thread = Thread(await cast_of(app, row))
        self._heard = set()
        window = await app.threads.window(WindowWanted(self.run_id, limit=KEPT))
        self._hear(window)
        # what was stored between the look at the head and the look at the events is heard already
        self._seq = max([window.head, *self._heard])
        self._known_from = window.first if window.older else 0
        spans = await app.threads.spans(self.run_id)
        self._paid = sum(one.nano_usd for one in spans if one.position <= self._seq)
        self._shown = {row.key: _version(row) for row in self._thread.rows()}

    async def may(self, app: App, who: Principal) -> bool:
        """See `Topic`."""
        try:
            await require_run(app, who, "run.read", self.run_id)
        except CallboardError:
            return False
        return True

    def concerns(self, arrivals: Arrivals) -> bool:
        """See `Topic`."""
        return self._root_id in arrivals.threads or self._speech.is_new

    def heard(self, recorded: Recorded) -> None:
        """Take note of an event of this process at once: what is said no more is not to be shown behind it."""
        over = ModelCallStarted | ModelCallCompleted | ModelCallFailed | RunCancelled | RunFailed
        if isinstance(recorded.event, over):
            self._speech.over(recorded.run_id)

    def streamed(self, run_id: str, delta: Delta) -> None:
        """Take a piece of what a model says."""
        if isinstance(delta, TextDelta) and run_id in self._thread.cast.players:
            self._speech.say(run_id, delta.text)

    async def since(self, app: App, cursor: int) -> Batch | None:
        """See `Topic`. What is known here is told from memory."""
        if cursor >= self._seq:
            speech = self._speech.whole(self._show, self._thread.cast)
            return Batch(self._seq, speech) if speech else None
        if cursor >= self._known_from:
            rows = self._thread.rows()
        else:
            window = await app.threads.since(self.run_id, cursor, LATEST)
            if window.newer:
                return Batch(self._seq, reset=True)
            rows = _told(self._thread, window)
        ops = [op for row in rows if row.touched > cursor for op in self._put(row)]
        return Batch(self._seq, [*ops, *self._speech.whole(self._show, self._thread.cast)])

    async def advance(self, app: App) -> Batch | None:
        """See `Topic`."""
        window = await app.threads.since(self.run_id, self._seq, LATEST)
        if window.newer:
            await self.begin(app)
            return Batch(self._seq, reset=True)
        if self._strangers(window):
            self._thread.cast = await cast_of(app, await _row(app, self.run_id))
        before = self._seq
        self._hear(window)
        self._seq = max(before, window.last)
        ops = [*self._speech.ended(), *self._changed(), *self._reached(window)]
        ops += self._speech.pieces(self._show, self._thread.cast)
        self._let_go()
        return Batch(self._seq, ops) if ops or self._seq > before else None

    def _hear(self, window: Window) -> None:
        for placed in window.events:
            if placed.position in self._heard:
                continue
            self._heard.add(placed.position)
            try:
                recorded = unseal(placed.sealed)
            except LogCorrupt:
                continue  # the page that is read anew says so
            self._thread.hear(placed.position, recorded, wanted=placed.wanted)

    def _strangers(self, window: Window) -> bool:
        players = self._thread.cast.players
        return any(placed.sealed.run_id not in players for placed in window.events)

    def _changed(self) -> list[Op]:
        """Return what is different from what was shown, and remember it as shown."""
        rows = {row.key: row for row in self._thread.rows()}
        ops: list[Op] = []
        for key, row in rows.items():
            if self._shown.get(key) != _version(row):
                self._shown[key] = _version(row)
                ops += self._put(row)
        folded = [key for key in self._shown if key not in rows]
        for key in folded:
            del self._shown[key]
        return ops

    def _put(self, row: Row) -> list[Op]:
        members = row.body.calls[1:] if isinstance(row.body, Folded) else ()
        return [*(Op(k=one.key, x=1) for one in members), Op(k=row.key, h=self._show(row))]

    def _reached(self, window: Window) -> list[Op]:
        """Return the milestones that were reached."""
        limit = self._thread.cast.limit_usd
        if limit is None:
            return []
        payments = [Payment(0, _EARLIER, self._paid)] if self._paid else []
        known = {row.key for row in milestones(self.run_id, payments, limit)}
        for placed in window.events:
            if placed.wanted and placed.position > 0:
                try:
                    mark = mark_of(unseal(placed.sealed))
                except LogCorrupt:
                    continue
                if mark.nano_usd:
                    payments.append(Payment(placed.position, mark.at, mark.nano_usd))
                    self._paid += mark.nano_usd
        new = [row for row in milestones(self.run_id, payments, limit) if row.key not in known]
        return [Op(k=row.key, h=self._show(row)) for row in new]

    def _let_go(self) -> None:
        """Forget rows far back: what still changes of them is read again."""
        if len(self._shown) > KEPT * 2:
            edge = self._thread.rows()[-KEPT].position
            self._thread.forget(edge)
            self._heard = {position for position in self._heard if position >= edge}
            self._shown = {row.key: _version(row) for row in self._thread.rows()}
            self._known_from = edge


def _told(thread: Thread, window: Window) -> list[Row]:
    found = Thread(thread.cast)
    for placed in window.events:
        try:
            found.hear(placed.position, unseal(placed.sealed), wanted=placed.wanted)
        except LogCorrupt:
            continue
    return found.rows()


def _version(row: Row) -> tuple[int, int]:
    """Return what changes whenever a row does."""
    return row.touched, len(row.body.calls) if isinstance(row.body, Folded) else 0


async def _row(app: App, run_id: str) -> RunRow:
    row = await app.ports.store.row(run_id)
    if row is None:
        raise UnknownThing(f"run {run_id!r} was not found")
    return row
