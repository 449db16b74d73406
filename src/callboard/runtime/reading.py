"""Reading a log back, with the payloads that are kept beside it."""

from collections.abc import Sequence

from callboard.domain.errors import LogCorrupt
from callboard.domain.events.codec import (
    GENESIS,
    Recorded,
    blob_of,
    chain_hash,
    unseal,
    with_blob,
)
from callboard.domain.events.run import RunCreated
from callboard.domain.run_row import RunRow
from callboard.engine.projection import first_row, project
from callboard.ports.event_store import EventStore


async def load(store: EventStore, run_id: str) -> list[Recorded]:
    """Return a run's events with their payloads put back.

    Raises:
        UnknownThing: no such run.
        LogCorrupt: an event or a blob cannot be read.
    """
    return await with_payloads(store, [unseal(sealed) for sealed in await store.read(run_id)])


async def load_unaltered(store: EventStore, run_id: str) -> list[Recorded]:
    """Return a run's events as `load` does, to go on from them: each must be what was recorded after the one before it.

    Raises:
        UnknownThing: no such run.
        LogCorrupt: an event was altered, or one is missing before it.
    """
    stored = await store.read(run_id)
    head = GENESIS
    for seq, sealed in enumerate(stored, start=1):
        head = chain_hash(head, sealed.body)
        if (sealed.seq, sealed.hash) != (seq, head):
            raise LogCorrupt(
                f"run {run_id}, event {sealed.seq}: this is not what was recorded, so nothing goes on from it"
                f" (`callboard runs verify {run_id}` says more)"
            )
    return await with_payloads(store, [unseal(sealed) for sealed in stored])


async def with_payloads(store: EventStore, entries: list[Recorded]) -> list[Recorded]:
    """Return events with the payloads that are kept in blobs put back.

    Raises:
        LogCorrupt: a blob is missing or altered.
    """
    refs = [ref.sha256 for entry in entries if (ref := blob_of(entry.event)) is not None]
    if not refs:
        return entries
    contents = await store.blobs(refs)
    return [_with_payload(entry, contents) for entry in entries]


def _with_payload(entry: Recorded, contents: dict[str, bytes]) -> Recorded:
    ref = blob_of(entry.event)
    if ref is None:
        return entry
    content = contents.get(ref.sha256, b"")
    return Recorded(entry.run_id, entry.seq, entry.at, with_blob(entry.event, content))


def project_all(entries: Sequence[Recorded]) -> RunRow:
    """Return the projection of a whole log, rebuilt from zero.

    Raises:
        LogCorrupt: the log does not begin with run.created.
    """
    created = entries[0].event if entries else None
    if not isinstance(created, RunCreated):
        raise LogCorrupt("the log does not begin with run.created")
    return project(first_row(entries[0], created), entries[1:])
