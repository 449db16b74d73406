"""Watching gates: that they open, wait too long, and close."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from callboard.domain.actor import Actor
from callboard.domain.errors import RunArchived
from callboard.domain.events.gate import GateDecided, GateExpired
from callboard.domain.org.inbox import DEPUTIES
from callboard.domain.org.notice import GATE_NOTICES, GateNotice, NoticeEvent
from callboard.domain.org.task import TASKS
from callboard.domain.record import Kept, Write
from callboard.domain.run_row import RunRow
from callboard.engine.deputies import counts_here
from callboard.engine.inbox import gate_sentence
from callboard.engine.notices import Happening, reminded
from callboard.ports.event_store import RunsWanted
from callboard.ports.records import Wanted
from callboard.runtime.reading import load
from callboard.usecases.app import App
from callboard.usecases.gates import OpenGate, gate_of
from callboard.usecases.persons import everybody

_MOST = 1_000_000
_AGAIN_S = 60.0
_PER_SECOND = 1_000

Found = tuple[Sequence[Write], Happening | None]
"""What is to be noted, and what people are told along with it."""


@dataclass(slots=True)
class GateWatch:
    """Compares the gates that are open with those that people were told of."""

    app: App
    _without: set[tuple[str, datetime]] = field(default_factory=set[tuple[str, datetime]])
    """Runs that wait for a gate of another run, as they were last seen: there is nothing to look for."""
    _head: int = 0
    _rests_until: float = float("-inf")
    _looks_at: float = float("-inf")

    async def changes(self) -> AsyncIterator[Found]:
        """Yield each change once it is found. Where nothing was stored since the last look there is nothing to find but
        what becomes due; and a look at many gates is followed by a rest.
        """
        now = self.app.ports.clock.monotonic()
        if now < self._rests_until:
            return
        head = (await self.app.threads.arrived(None)).head
        if head and head == self._head and now < self._looks_at:
            return
        wanted = RunsWanted(root_only=False, statuses=("waiting",), limit=_MOST)
        rows = {row.run_id: row for row in await self.app.ports.store.rows(wanted)}
        notes = await self.app.records.find(GATE_NOTICES, Wanted(states=("open",)))
        known: set[str] = set()
        for kept in notes:
            note = kept.value
            row = rows.get(note.run_id)
            if row is not None and row.waiting_since == note.opened_at:
                known.add(note.run_id)
                due = reminded(note, self.app.ports.clock.now())
                if due != note:
                    yield await self._remind(kept, due, row)
            else:
                yield await self._closed(kept)
        self._without &= {(row.run_id, row.updated_at) for row in rows.values()}
        for row in rows.values():
            if row.run_id not in known and (row.run_id, row.updated_at) not in self._without:
                found = await self._opened(row)
                if found is not None:
                    yield found
        # Not before all is done: what went wrong on the way is looked for again.
        self._head, self._looks_at = head, now + _AGAIN_S
        self._rests_until = now + (len(rows) + len(notes)) // _PER_SECOND

    async def _opened(self, row: RunRow) -> Found | None:
        gate = await gate_of(self.app, row)
        if gate is None:
            self._without.add((row.run_id, row.updated_at))
            return None
        root = await self.app.ports.store.row(row.root_id) or row
        now = self.app.ports.clock.now()
        opened = row.waiting_since or row.updated_at
        note = GateNotice(
            run_id=row.run_id,
            gate_id=gate.gate.gate_id,
            space=row.space,
            entry=root.task or root.run_id,
            title=root.title,
            sentence=gate_sentence(gate.gate, opened, now),
            started_by=gate.gate.requested_by,
            opened_at=opened,
            deadline_at=gate.gate.deadline_at,
        )
        key = GATE_NOTICES.key(note)
        before = await self.app.records.get(GATE_NOTICES, key)
        put = GATE_NOTICES.put(note, over=before)
        if before is not None:  # told before, and open again after its log was looked at
            return (put,), None
        event = "budget.reached" if gate.gate.reason == "budget_exceeded" else "gate.opened"
        return (put,), await self._told(note, event, "opened", opened, gate)

    async def _remind(self, kept: Kept[GateNotice], due: GateNotice, row: RunRow) -> Found:
        put = GATE_NOTICES.put(due, over=kept)
        gate = await gate_of(self.app, row)
        if gate is None:
            return (put,), None
        now = self.app.ports.clock.now()
        fresh = due.model_copy(update={"sentence": gate_sentence(gate.gate, due.opened_at, now)})
        suffix = f"reminder-{int(due.half)}-{due.days}"
        return (put,), await self._told(fresh, "gate.reminder", suffix, now, gate)

    async def _closed(self, kept: Kept[GateNotice]) -> Found:
        note = kept.value
        put = GATE_NOTICES.put(note.model_copy(update={"open": False}), over=kept)
        try:
            entries = await load(self.app.ports.store, note.run_id)
        except RunArchived:  # it ended long ago: there is nobody left to tell
            return (put,), None
        for stored in reversed(entries):
            event = stored.event
            if isinstance(event, GateDecided) and event.gate_id == note.gate_id:
                said = f": {event.note}" if event.note else ""
                sentence = f"{event.actor.name} said {event.verdict}{said}"
                return (put,), _happening(
                    note,
                    "gate.decided",
                    suffix="closed",
                    at=stored.at,
                    people=await self._concerned(note),
                    sentence=sentence,
                    actor=event.actor,
                )
            if isinstance(event, GateExpired) and event.gate_id == note.gate_id:
                return (put,), _happening(
                    note,
                    "gate.expired",
                    suffix="closed",
                    at=stored.at,
                    people=await self._concerned(note),
                    sentence=f"Nobody decided in time: {note.sentence}",
                )
        return (put,), None

    async def _told(
        self, note: GateNotice, event: NoticeEvent, suffix: str, at: datetime, gate: OpenGate
    ) -> Happening:
        people = await self._deciders(gate)
        return _happening(note, event, suffix=suffix, at=at, people=people, sentence=note.sentence)

    async def _deciders(self, gate: OpenGate) -> frozenset[str]:
        """Return the people whose decision counts at a gate, and the deputies who stand in for one of them."""
        now = self.app.ports.clock.now()
        people = await everybody(self.app)
        named = [kept.value for kept in await self.app.records.find(DEPUTIES)]
        pairs = [(name, name) for name in people]
        pairs += [(one.deputy, one.person) for one in named if one.holds(now)]
        space = gate.row.space
        return frozenset(
            who
            for who, person in pairs
            if who in people
            and person in people
            and counts_here(gate.gate, gate.approvals, people[who], people[person], space)
        )

    async def _concerned(self, note: GateNotice) -> frozenset[str]:
        """Return who wants to know what was decided: whoever started the work, and whoever answers for it."""
        starter = note.started_by
        names = {starter.name} if starter is not None and starter.kind == "person" else set[str]()
        task = await self.app.records.get(TASKS, note.entry)
        if task is not None and task.value.owner is not None:
            names.add(task.value.owner.removeprefix("person:"))
        return frozenset(names)


def _happening(
    note: GateNotice,
    event: NoticeEvent,
    *,
    suffix: str,
    at: datetime,
    people: frozenset[str],
    sentence: str,
    actor: Actor | None = None,
) -> Happening:
    deadline = note.deadline_at
    return Happening(
        id=f"gate-{note.run_id}-{note.gate_id}-{suffix}",
        event=event,
        at=at,
        space=note.space,
        entry=note.entry,
        title=note.title,
        sentence=sentence,
        people=people,
        actor=actor,
        more={
            "run_id": note.run_id,
            "gate_id": note.gate_id,
            "deadline": None if deadline is None else deadline.isoformat(),
        },
    )
