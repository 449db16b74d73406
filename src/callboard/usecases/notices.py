"""Notices: finds out what happened and puts what people and programs are to be told into the outbox, each once."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from callboard.domain.actor import Actor
from callboard.domain.errors import RecordConflict
from callboard.domain.org.notice import (
    DELIVERIES,
    GROUPS,
    NOTICE_CURSORS,
    NOTICE_PREFERENCES,
    WEBHOOKS,
    Channel,
    NoticeCursor,
    NoticeGroup,
)
from callboard.domain.org.people import PEOPLE
from callboard.domain.org.principal import Principal
from callboard.domain.record import AuditEntry, Write
from callboard.engine.notices import Happening, deliveries_of
from callboard.ports.records import AuditWanted, Wanted
from callboard.usecases.app import App
from callboard.usecases.gate_notices import GateWatch
from callboard.usecases.happenings import happenings_in
from callboard.usecases.persons import everybody

_CURSOR: Final = "audit"
_PAGE: Final = 200
_AT_ONCE: Final = 500
"""How many entries of the audit log one turn goes on at most."""


@dataclass(slots=True)
class Notices:
    """Looks at what was written down since the last time. Whatever it does is safe to do twice, by several workers at
    the same moment: what is to be sent is stored together with how far it looked.

    `email` says whether there is a way to send e-mail: without one, none is put into the outbox.
    """

    app: App
    email: bool = False
    _gates: GateWatch = field(init=False)

    def __post_init__(self) -> None:
        self._gates = GateWatch(self.app)

    async def turn(self) -> int:
        """Look once; return how many messages were put into the outbox."""
        return await self._from_audit() + await self._from_gates()

    async def _from_audit(self) -> int:
        cursor = await self.app.records.get(NOTICE_CURSORS, _CURSOR)
        newest = await self.app.records.audit(AuditWanted(limit=1))
        position = newest[0].position if newest else 0
        if cursor is None:  # nobody is told what was before
            begin = NoticeCursor(name=_CURSOR, position=position)
            return await self._keep([NOTICE_CURSORS.put(begin)], [])
        if position <= cursor.value.position:
            return 0
        entries = (await self._since(cursor.value.position))[:_AT_ONCE]
        found = [each for entry in entries for each in await happenings_in(self.app, entry)]
        moved = NoticeCursor(name=_CURSOR, position=entries[-1].position)
        return await self._keep([NOTICE_CURSORS.put(moved, over=cursor)], found)

    async def _since(self, position: int) -> list[AuditEntry]:
        """Return the entries after a position, the oldest first."""
        found: list[AuditEntry] = []
        before: int | None = None
        while True:
            page = await self.app.records.audit(AuditWanted(before=before, limit=_PAGE))
            found += [entry for entry in page if entry.position > position]
            if len(page) < _PAGE or page[-1].position <= position:
                return sorted(found, key=lambda entry: entry.position)
            before = page[-1].position

    async def _from_gates(self) -> int:
        told = 0
        async for writes, happening in self._gates.changes():
            told += await self._keep(writes, [] if happening is None else [happening])
        return told

    async def _keep(self, writes: Sequence[Write], happenings: Sequence[Happening]) -> int:
        """Store what is to be told along with the note that it was found out: both or neither."""
        now = self.app.ports.clock.now()
        people = await self._people(happenings)
        puts: list[Write] = []
        for what in happenings:
            channels = [*self._mail_to(what, people), *await self._webhooks_for(what)]
            puts += [DELIVERIES.put(one) for one in deliveries_of(what, channels, now)]
        try:
            await self.app.records.keep([*writes, *puts])
        except RecordConflict:  # another worker found it out as well
            return 0
        return len(puts)

    async def _people(self, happenings: Sequence[Happening]) -> dict[str, "_Reachable"]:
        if not self.email or not any(what.people for what in happenings):
            return {}
        principals = await everybody(self.app)
        muted = {
            kept.value.person: frozenset(kept.value.muted)
            for kept in await self.app.records.find(NOTICE_PREFERENCES)
        }
        found: dict[str, _Reachable] = {}
        for kept in await self.app.records.find(PEOPLE, Wanted(states=("active",))):
            person = kept.value
            if person.email and person.id in principals:
                groups = muted.get(person.id, frozenset())
                found[person.id] = _Reachable(principals[person.id], groups)
        return found

    def _mail_to(
        self, what: Happening, people: dict[str, "_Reachable"]
    ) -> list[tuple[Channel, str]]:
        """Return who is told by e-mail: never somebody of what they did themselves, or may not see."""
        found: list[tuple[Channel, str]] = []
        for name in sorted(what.people):
            person = people.get(name)
            if person is None or what.actor == Actor(kind="person", name=name):
                continue
            sees = person.principal.sees(what.space)
            if sees and GROUPS[what.event] not in person.muted:
                found.append(("email", name))
        return found

    async def _webhooks_for(self, what: Happening) -> list[tuple[Channel, str]]:
        active = await self.app.records.find(WEBHOOKS, Wanted(states=("active",)))
        wanting = (kept.value for kept in active if kept.value.wants(what.event, what.space))
        return [("webhook", webhook.id) for webhook in wanting]


@dataclass(frozen=True, slots=True)
class _Reachable:
    principal: Principal
    muted: frozenset[NoticeGroup]
