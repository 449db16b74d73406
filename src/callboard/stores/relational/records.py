"""Records and the audit log in the same file as the runs."""

import json
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from pydantic import ValidationError

from callboard.domain.errors import LogCorrupt
from callboard.domain.record import AuditEntry, Change, Kept, Kind, Put, T, Write
from callboard.engine.auditing import GENESIS, entry_hash, read_entry, written
from callboard.ports.records import EVERYTHING, AuditWanted, Wanted
from callboard.stores.record_rules import conflict, refuse_audited
from callboard.stores.relational.access import Access
from callboard.stores.relational.session import Session

_NO_END = 2**63 - 1
_LAST = 2**63 - 1
_REMEMBERED = 20_000
"""How many records are remembered as values: a board is looked at much more often than it changes."""


class StoredRecords:
    """`callboard.ports.records.Records`; shares the event store's connections."""

    def __init__(self, access: Access) -> None:
        self._sql = access.sql
        self._writer = access.writer
        self._readers = access.readers
        self._known: dict[tuple[str, int, int], tuple[bytes, Kept[Any]]] = {}

    async def get(self, kind: Kind[T], key: str) -> Kept[T] | None:
        """See `ports.records.Records`."""
        found = await self._query(kind, self._sql.RECORD, {"kind": kind.name, "name": key})
        return found[0] if found else None

    async def find(self, kind: Kind[T], wanted: Wanted = EVERYTHING) -> list[Kept[T]]:
        """See `ports.records.Records`."""
        newest = wanted.newest_first
        statement = self._sql.RECORDS_NEWEST_FIRST if newest else self._sql.RECORDS_OLDEST_FIRST
        if wanted.states and not newest:
            statement = self._sql.RECORDS_IN_STATES
        after = wanted.after if wanted.after is not None else (_LAST if newest else 0)
        named = {
            "kind": kind.name,
            "any_key": not wanted.prefix,
            "prefix": wanted.prefix,
            "beyond": wanted.prefix + "\U0010ffff",
            "any_space": wanted.spaces is None,
            "spaces": json.dumps(list(wanted.spaces or ())),
            "any_state": not wanted.states,
            "states": json.dumps(list(wanted.states)),
            "after": after,
            "limit": _NO_END if wanted.limit is None else wanted.limit,
        }
        return await self._query(kind, statement, named)

    async def commit(self, change: Change) -> None:
        """See `ports.records.Records`."""
        await self._writer.submit(partial(_commit, change=change))

    async def keep(self, writes: Sequence[Write]) -> None:
        """See `ports.records.Records`."""
        refuse_audited(writes)
        await self._writer.submit(partial(_keep, writes=writes))

    async def audit(self, wanted: AuditWanted) -> list[AuditEntry]:
        """See `ports.records.Records`."""
        kind, key = wanted.record or ("", "")
        named = {
            "any_record": wanted.record is None,
            "kind": kind,
            "name": key,
            "any_actor": wanted.actor is None,
            "actor": wanted.actor,
            "any_space": wanted.spaces is None,
            "spaces": json.dumps(list(wanted.spaces or ())),
            "before": _LAST if wanted.before is None else wanted.before,
            "limit": wanted.limit,
        }

        def query(session: Session) -> list[AuditEntry]:
            return [_entry(*row) for row in session.execute(session.sql.AUDITED, named)]

        return await self._readers.run(query)

    async def check_audit(self) -> int | None:
        """See `ports.records.Records`."""
        return await self._readers.run(_first_wrong)

    async def _query(
        self, kind: Kind[T], statement: str, named: Mapping[str, object]
    ) -> list[Kept[T]]:
        def query(session: Session) -> list[Kept[T]]:
            rows = session.execute(statement, named).fetchall()
            return [self._kept(kind, *row) for row in rows]

        return await self._readers.run(query)

    def _kept(self, kind: Kind[T], body: bytes, revision: int, position: int) -> Kept[T]:
        """Return a record; one that was read before, byte for byte, is not parsed again."""
        key = (kind.name, position, revision)
        before, known = self._known.get(key, (b"", None))
        if known is None or before != body:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            known = _kept(kind, body, revision, position)
            self._known[key] = (body, known)
        return known


def _commit(session: Session, change: Change) -> None:
    if session.doubtful and _are_there(session, change.writes):
        return
    before, spaces = _standing(session, change.writes)
    last = session.execute(session.sql.AUDIT_LAST).fetchone()
    position, previous = (last[0] + 1, last[1]) if last else (1, GENESIS)
    entry = written(change, before, previous, spaces)
    _write(session, change.writes)
    row = {"position": position, "actor": entry.actor, "space": entry.space}
    session.execute(session.sql.AUDIT, row | {"body": entry.body, "hash": entry.hash})
    places = [{"kind": kind, "name": key, "entry": position} for kind, key in entry.records]
    session.executemany(session.sql.AUDIT_RECORD, places)


def _keep(session: Session, writes: Sequence[Write]) -> None:
    if session.doubtful and _are_there(session, writes):
        return
    _standing(session, writes)
    _write(session, writes)


def _are_there(session: Session, writes: Sequence[Write]) -> bool:
    """Return whether all of the writes are made already: what is there is what they wanted, one revision on."""
    for write in writes:
        named = {"kind": write.kind, "name": write.key}
        row = session.execute(session.sql.RECORD_STANDS, named).fetchone()
        revision, body = row[:2] if row else (0, None)
        wanted = (write.expected + 1, write.body) if isinstance(write, Put) else (0, None)
        if (revision, body) != wanted:
            return False
    return True


def _standing(
    session: Session, writes: Sequence[Write]
) -> tuple[dict[tuple[str, str], bytes | None], list[str | None]]:
    """Return the records that the writes are about, and their spaces. Every refusal comes from here.

    Raises:
        RecordConflict: one of them is not in the revision that its write expects.
    """
    before: dict[tuple[str, str], bytes | None] = {}
    spaces: list[str | None] = []
    for write in writes:
        named = {"kind": write.kind, "name": write.key}
        row = session.execute(session.sql.RECORD_STANDS, named).fetchone()
        revision, body, space = row or (0, None, None)
        if revision != write.expected:
            raise conflict(write, exists=row is not None)
        before[write.kind, write.key] = body
        spaces.append(space)
    return before, spaces


def _write(session: Session, writes: Sequence[Write]) -> None:
    for write in writes:
        named: dict[str, object] = {"kind": write.kind, "name": write.key}
        if not isinstance(write, Put):
            session.execute(session.sql.REMOVE_RECORD, named | {"expected": write.expected})
            continue
        named |= {"space": write.space, "state": write.state, "body": write.body}
        if write.expected:
            session.execute(session.sql.REPLACE_RECORD, named | {"expected": write.expected})
        else:
            session.execute(session.sql.ADD_RECORD, named | {"revision": 1})


def _first_wrong(session: Session) -> int | None:
    previous, expected = GENESIS, 1
    for position, body, stored in session.execute(session.sql.AUDIT_LOG):
        intact = isinstance(body, bytes) and entry_hash(previous, body) == stored
        if position != expected or not intact:
            return expected
        previous, expected = stored, expected + 1
    return None


def _kept(kind: Kind[T], body: bytes, revision: int, position: int) -> Kept[T]:
    try:
        return Kept(kind.model.model_validate_json(body), revision, position)
    except ValidationError as error:
        raise LogCorrupt(f"a stored {kind.name} is not readable ({error})") from error


def _entry(position: int, body: bytes, stored: str) -> AuditEntry:
    try:
        return read_entry(position, body, stored)
    except (ValueError, KeyError, TypeError) as error:
        raise LogCorrupt(f"entry {position} of the audit log is not readable") from error
