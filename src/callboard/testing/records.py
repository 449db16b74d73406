"""Records in memory, and what every keeper of records does."""

# ruff: noqa: D102 - the names of the tests are their sentences

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, Final

import pytest

from callboard.domain.actor import Actor
from callboard.domain.errors import RecordConflict
from callboard.domain.frozen import Frozen
from callboard.domain.record import AuditEntry, Change, Kept, Kind, Put, T, Write
from callboard.engine.auditing import GENESIS, Written, entry_hash, read_entry, written
from callboard.ports.records import EVERYTHING, AuditWanted, Records, Wanted
from callboard.stores.record_rules import conflict, refuse_audited


@dataclass(slots=True)
class _Row:
    put: Put
    revision: int
    position: int


class MemoryRecords:
    """See `ports.records.Records`."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str], _Row] = {}
        self._entries: list[Written] = []
        self._next = 1

    async def get(self, kind: Kind[T], key: str) -> Kept[T] | None:
        """See `ports.records.Records`."""
        row = self._rows.get((kind.name, key))
        return None if row is None else _kept(kind, row)

    async def find(self, kind: Kind[T], wanted: Wanted = EVERYTHING) -> list[Kept[T]]:
        """See `ports.records.Records`."""
        rows = [row for row in self._rows.values() if _fits(row, kind.name, wanted)]
        rows.sort(key=lambda row: row.position, reverse=wanted.newest_first)
        return [_kept(kind, row) for row in rows[: wanted.limit]]

    async def commit(self, change: Change) -> None:
        """See `ports.records.Records`."""
        self._check(change.writes)
        places = [(write.kind, write.key) for write in change.writes]
        rows = {place: self._rows.get(place) for place in places}
        before = {place: row.put.body if row else None for place, row in rows.items()}
        spaces = [row.put.space for row in rows.values() if row]
        previous = self._entries[-1].hash if self._entries else GENESIS
        self._entries.append(written(change, before, previous, spaces))
        self._write(change.writes)

    async def keep(self, writes: Sequence[Write]) -> None:
        """See `ports.records.Records`."""
        refuse_audited(writes)
        self._check(writes)
        self._write(writes)

    async def audit(self, wanted: AuditWanted) -> list[AuditEntry]:
        """See `ports.records.Records`."""
        found = [
            read_entry(place, entry.body, entry.hash)
            for place, entry in enumerate(self._entries, 1)
            if (wanted.record is None or wanted.record in entry.records)
            and wanted.actor in (None, entry.actor)
            and (wanted.spaces is None or entry.space in wanted.spaces)
            and (wanted.before is None or place < wanted.before)
        ]
        return found[::-1][: wanted.limit]

    async def check_audit(self) -> int | None:
        """See `ports.records.Records`."""
        previous = GENESIS
        for place, entry in enumerate(self._entries, 1):
            if entry_hash(previous, entry.body) != entry.hash:
                return place
            previous = entry.hash
        return None

    def _check(self, writes: Sequence[Write]) -> None:
        for write in writes:
            row = self._rows.get((write.kind, write.key))
            if (row.revision if row is not None else 0) != write.expected:
                raise conflict(write, exists=row is not None)

    def _write(self, writes: Sequence[Write]) -> None:
        for write in writes:
            place = (write.kind, write.key)
            if not isinstance(write, Put):
                del self._rows[place]
                continue
            row = self._rows.get(place)
            if row is None:
                self._rows[place] = _Row(write, 1, self._next)
                self._next += 1
            else:
                row.put, row.revision = write, row.revision + 1


def _kept(kind: Kind[T], row: _Row) -> Kept[T]:
    return Kept(kind.model.model_validate_json(row.put.body), row.revision, row.position)


def _fits(row: _Row, kind: str, wanted: Wanted) -> bool:
    put, after = row.put, wanted.after
    beyond = after is None or (
        row.position < after if wanted.newest_first else row.position > after
    )
    return (
        put.kind == kind
        and put.key.startswith(wanted.prefix)
        and (wanted.spaces is None or put.space in wanted.spaces)
        and (not wanted.states or put.state in wanted.states)
        and beyond
    )


class Note(Frozen):
    """A record for tests."""

    id: str
    text: str = ""
    place: str | None = None
    mood: str | None = None
    secret: str | None = None


NOTES: Final = Kind(
    "test_note",
    Note,
    key=lambda note: note.id,
    space=lambda note: note.place,
    state=lambda note: note.mood,
    hidden=frozenset({"secret"}),
)
SCRAPS: Final = Kind("test_scrap", Note, key=lambda note: note.id, audited=False)

_AT: Final = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
_ANN: Final = Actor(kind="person", name="ann")
_BOB: Final = Actor(kind="person", name="bob")


def _change(*writes: Write, actor: Actor = _ANN, action: str = "note.write") -> Change:
    return Change(actor, action, _AT, writes, note="because")


class RecordsContract:
    """The behaviour of `callboard.ports.records.Records`. Subclass, and give the fixture `records`."""

    async def test_a_record_that_was_stored_is_found_by_its_key(self, records: Records) -> None:
        note = Note(id="a", text="ünïcode \x00 and\nlines")
        await records.commit(_change(NOTES.put(note)))
        found = await records.get(NOTES, "a")
        assert found is not None
        assert (found.value, found.revision) == (note, 1)
        assert await records.get(NOTES, "b") is None
        assert await records.get(SCRAPS, "a") is None

    async def test_a_change_counts_the_revision_up_and_keeps_the_place(
        self, records: Records
    ) -> None:
        await records.commit(_change(NOTES.put(Note(id="a")), NOTES.put(Note(id="b"))))
        first = await _there(records, "a")
        await records.commit(_change(NOTES.put(Note(id="a", text="new"), over=first)))
        again = await _there(records, "a")
        assert (again.value.text, again.revision, again.position) == ("new", 2, first.position)

    async def test_a_change_to_what_somebody_else_changed_is_refused_whole(
        self, records: Records
    ) -> None:
        await records.commit(_change(NOTES.put(Note(id="a"))))
        read = await _there(records, "a")
        await records.commit(_change(NOTES.put(Note(id="a", text="first"), over=read)))
        late = _change(NOTES.put(Note(id="b")), NOTES.put(Note(id="a", text="second"), over=read))
        with pytest.raises(RecordConflict, match="a"):
            await records.commit(late)
        assert (await _there(records, "a")).value.text == "first"
        assert await records.get(NOTES, "b") is None
        assert len(await records.audit(AuditWanted())) == 2

    async def test_a_new_record_never_replaces_one(self, records: Records) -> None:
        await records.commit(_change(NOTES.put(Note(id="a", text="old"))))
        with pytest.raises(RecordConflict, match="a"):
            await records.commit(_change(NOTES.put(Note(id="a", text="new"))))
        assert (await _there(records, "a")).value.text == "old"

    async def test_a_removed_record_is_gone_and_its_key_is_free(self, records: Records) -> None:
        await records.commit(_change(NOTES.put(Note(id="a"))))
        await records.commit(_change(NOTES.remove(await _there(records, "a"))))
        assert await records.get(NOTES, "a") is None
        await records.commit(_change(NOTES.put(Note(id="a"))))

    async def test_removing_what_somebody_else_changed_is_refused(self, records: Records) -> None:
        await records.commit(_change(NOTES.put(Note(id="a"))))
        read = await _there(records, "a")
        await records.commit(_change(NOTES.put(Note(id="a", text="new"), over=read)))
        with pytest.raises(RecordConflict):
            await records.commit(_change(NOTES.remove(read)))

    async def test_lists_are_by_age_and_narrowed_by_prefix_space_and_state(
        self, records: Records
    ) -> None:
        await self._several(records)
        assert await _ids(records, Wanted()) == ["x/1", "x/2", "x%/3", "y/4"]
        assert await _ids(records, Wanted(newest_first=True)) == ["y/4", "x%/3", "x/2", "x/1"]
        assert await _ids(records, Wanted(prefix="x/")) == ["x/1", "x/2"]
        assert await _ids(records, Wanted(prefix="x%")) == ["x%/3"]
        assert await _ids(records, Wanted(spaces=("here",))) == ["x/1", "x%/3"]
        assert await _ids(records, Wanted(spaces=())) == []
        assert await _ids(records, Wanted(spaces=("here", "there"), states=("sad",))) == ["x/2"]

    async def test_pages_hold_each_record_once_while_others_arrive(self, records: Records) -> None:
        await self._several(records)
        first = await records.find(NOTES, Wanted(limit=2))
        await records.commit(_change(NOTES.put(Note(id="z/5"))))
        rest = await records.find(NOTES, Wanted(after=first[-1].position))
        assert [one.value.id for one in first + rest] == ["x/1", "x/2", "x%/3", "y/4", "z/5"]
        newest = await records.find(NOTES, Wanted(newest_first=True, limit=2))
        await records.commit(_change(NOTES.put(Note(id="z/6"))))
        older = await records.find(NOTES, Wanted(newest_first=True, after=newest[-1].position))
        assert [one.value.id for one in newest + older] == ["z/5", "y/4", "x%/3", "x/2", "x/1"]

    async def test_every_change_has_an_entry_with_actor_before_and_after(
        self, records: Records
    ) -> None:
        await records.commit(_change(NOTES.put(Note(id="a", text="old", place="here"))))
        read = await _there(records, "a")
        new = Note(id="a", text="new", place="here")
        await records.commit(_change(NOTES.put(new, over=read), actor=_BOB, action="note.edit"))
        await records.commit(_change(NOTES.remove(await _there(records, "a"))))
        gone, edited, made = await records.audit(AuditWanted())
        assert (edited.actor, edited.action, edited.space) == (_BOB, "note.edit", "here")
        assert (edited.note, edited.at) == ("because", _AT)
        assert edited.differences[0].before == {"text": "old"}
        assert edited.differences[0].after == {"text": "new"}
        assert made.differences[0].before is None
        assert gone.differences[0].after is None
        assert gone.space == "here"

    async def test_an_entry_never_holds_a_hidden_field(self, records: Records) -> None:
        await records.commit(_change(NOTES.put(Note(id="a", secret="hunter2"))))  # noqa: S106
        read = await _there(records, "a")
        await records.commit(_change(NOTES.put(Note(id="a", secret="hunter3"), over=read)))  # noqa: S106
        entries = await records.audit(AuditWanted())
        assert "hunter" not in repr(entries)
        assert entries[0].differences[0].after == {"secret": "(changed)"}
        assert (await _there(records, "a")).value.secret == "hunter3"  # noqa: S105

    async def test_the_audit_log_is_narrowed_by_record_actor_space_and_age(
        self, records: Records
    ) -> None:
        await self._several(records)
        await records.commit(_change(NOTES.put(Note(id="q")), actor=_BOB))
        everything = await records.audit(AuditWanted())
        assert len(everything) == 5
        assert len(await records.audit(AuditWanted(record=("test_note", "x/2")))) == 1
        assert len(await records.audit(AuditWanted(actor="person:bob"))) == 1
        assert len(await records.audit(AuditWanted(spaces=("here",)))) == 2
        older = await records.audit(AuditWanted(before=everything[1].position, limit=2))
        assert older == everything[2:4]

    async def test_an_untouched_audit_log_verifies(self, records: Records) -> None:
        assert await records.check_audit() is None
        await self._several(records)
        assert await records.check_audit() is None

    async def test_only_the_machines_own_notes_are_kept_without_an_entry(
        self, records: Records
    ) -> None:
        await records.keep([SCRAPS.put(Note(id="a"))])
        assert await records.get(SCRAPS, "a") is not None
        assert await records.audit(AuditWanted()) == []
        with pytest.raises(ValueError, match="test_note"):
            await records.keep([NOTES.put(Note(id="a"))])

    async def test_of_many_at_once_each_change_is_made_in_turn(self, records: Records) -> None:
        async def write(number: int) -> bool:
            try:
                await records.commit(_change(NOTES.put(Note(id="one", text=str(number)))))
            except RecordConflict:
                return False
            return True

        made = await asyncio.gather(*(write(number) for number in range(20)))
        assert sum(made) == 1
        assert await records.check_audit() is None

    async def _several(self, records: Records) -> None:
        notes = (
            Note(id="x/1", place="here", mood="glad"),
            Note(id="x/2", place="there", mood="sad"),
            Note(id="x%/3", place="here", mood="glad"),
            Note(id="y/4"),
        )
        for note in notes:
            await records.commit(_change(NOTES.put(note)))


async def _there(records: Records, key: str) -> Kept[Any]:
    found = await records.get(NOTES, key)
    assert found is not None
    return found


async def _ids(records: Records, wanted: Wanted) -> list[str]:
    return [one.value.id for one in await records.find(NOTES, wanted)]
