"""What lies in the archive, in the same database as what does not."""

import json
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import Final

from callboard.domain.errors import Fenced, LogError
from callboard.domain.events.codec import timestamp
from callboard.domain.proof.anchor import Anchor
from callboard.ports.archive import Due, Shelved, Swept
from callboard.stores.relational.access import Access
from callboard.stores.relational.session import Session

_ENDED: Final = ("completed", "failed", "cancelled")
_REFERS: Final = '"blob":{"'
"""How a body begins to say that its payload is elsewhere."""
_ADDRESS: Final = re.compile(rb"[0-9a-f]{64}")
_AT_A_TIME: Final = 500

Tidy = Callable[[Session], tuple[str, ...]]
"""How this kind of database gives back whole tables of events that are empty; returns their names. Part of a
transaction.
"""


def nothing_to_tidy(session: Session) -> tuple[str, ...]:
    """Do nothing: all events are in one table."""
    del session
    return ()


class StoredShelf:
    """`callboard.ports.archive.Shelf`; shares the event store's connections."""

    def __init__(self, access: Access, tidy: Tidy) -> None:
        self._readers = access.readers
        self._writer = access.writer
        self._tidy = tidy

    async def due(self, before: datetime) -> list[Due]:
        """See `Shelf`."""
        named = {"before": timestamp(before), "statuses": json.dumps(_ENDED)}
        return await self._readers.run(
            lambda session: [
                Due(str(run_id), datetime.fromisoformat(ended_at))
                for run_id, ended_at in session.execute(session.sql.DUE, named)
            ]
        )

    async def logs(self, root_id: str) -> list[Anchor]:
        """See `Shelf`."""
        return await self._readers.run(lambda session: _logs(session, root_id))

    async def order(self, root_id: str) -> list[str]:
        """See `Shelf`."""
        named = {"run_id": root_id}
        return await self._readers.run(
            lambda session: [
                str(run_id) for (run_id,) in session.execute(session.sql.ORDER_BELOW, named)
            ]
        )

    async def put(self, root_id: str, logs: Sequence[Anchor], file: str, at: datetime) -> None:
        """See `Shelf`."""
        await self._writer.submit(
            partial(_put, root_id=root_id, logs=logs, file=file, at=timestamp(at))
        )

    async def file_of(self, run_id: str) -> str | None:
        """See `Shelf`."""
        return await self._readers.run(lambda session: file_of(session, run_id))

    async def shelved(self, file: str | None = None) -> list[Shelved]:
        """See `Shelf`."""
        named = {"any_file": file is None, "file": file}
        return await self._readers.run(
            lambda session: [
                Shelved(str(run_id), str(lies_in), datetime.fromisoformat(at))
                for run_id, lies_in, at in session.execute(session.sql.SHELVED, named)
            ]
        )

    async def sweep(self) -> Swept:
        """See `Shelf`."""
        scanned, known = await self._readers.run(_scan)
        stored = await self._readers.run(
            lambda session: [str(sha) for (sha,) in session.execute(session.sql.EVERY_BLOB)]
        )
        idle = [sha for sha in stored if sha not in known]
        removed = 0
        for begin in range(0, len(idle), _AT_A_TIME):
            these = idle[begin : begin + _AT_A_TIME]
            removed += await self._writer.submit(partial(_remove, these=these, since=scanned))
        packs = await self._writer.submit(_free_packs)
        return Swept(removed, await self._tidied(), packs)

    async def _tidied(self) -> tuple[str, ...]:
        try:
            return await self._writer.submit(self._tidy)
        except LogError:  # somebody looks into a table: it can go another time
            return ()


def file_of(session: Session, run_id: str) -> str | None:
    """Return the file of the archive that a run lies in; None: it does not."""
    found = session.execute(session.sql.LIES_IN, {"run_id": run_id}).fetchone()
    return None if found is None else str(found[0])


def _logs(session: Session, root_id: str) -> list[Anchor]:
    found = session.execute(session.sql.LOGS_BELOW, {"run_id": root_id}).fetchall()
    if any(status not in _ENDED for *_, status in found):
        return []
    return [Anchor(str(run_id), int(head), str(digest)) for run_id, head, digest, _ in found]


def _put(session: Session, root_id: str, logs: Sequence[Anchor], file: str, at: str) -> None:
    run_ids = [log.run_id for log in logs]
    these = {"run_ids": json.dumps(run_ids), "root_id": root_id}
    lying = [str(there) for (there,) in session.execute(session.sql.LIE_IN, these)]
    if lying == [file] * len(logs) and logs:
        return
    if lying or not logs or _logs(session, root_id) != sorted(logs):
        raise Fenced(f"run {root_id} went on, or was put away, meanwhile; it stays where it is")
    last = _last(session)
    session.execute(session.sql.TAKE_EVENTS, these)
    session.execute(session.sql.TAKE_MARKS, these)
    session.execute(session.sql.TAKE_SIGNALS, these)
    session.execute(session.sql.LET_GO, these)
    shelved = [{"run_id": run_id, "file": file, "at": at} for run_id in run_ids]
    session.executemany(session.sql.SHELVE, shelved)
    _keep_place(session, last)


def _keep_place(session: Session, last: int) -> None:
    """Leave an event of nobody at the last position where that became free: positions never come again, or whoever
    looks for what is behind one would not see what is stored there next.
    """
    session.execute(session.sql.FORGET_PLACE)
    if _last(session) < last:
        place = {"position": last, "run_id": "", "seq": last, "body": b"", "hash": ""}
        session.execute(session.sql.KEEP_PLACE, place)


def _last(session: Session) -> int:
    (last,) = session.execute(session.sql.LAST_POSITION).fetchone()
    return int(last or 0)


def _scan(session: Session) -> tuple[int, set[str]]:
    """Return a position, and what the events up to there, or further, refer to."""
    last = _last(session)
    return last, set(_referred(session, after=0))


def _referred(session: Session, after: int) -> Iterable[str]:
    """Yield every address that stands in a body that refers to a blob: too many rather than too few."""
    while True:
        named = {"after": after, "text": _REFERS, "limit": _AT_A_TIME}
        found = session.execute(session.sql.REFERRING, named).fetchall()
        for _, body in found:
            yield from (address.decode() for address in _ADDRESS.findall(bytes(body)))
        if len(found) < _AT_A_TIME:
            return
        after = int(found[-1][0])


def _free_packs(session: Session) -> int:
    """Remove the packs of copies that nobody can go on in; return how many. A copy is in the way of what it was branched
    from.
    """
    packs = 0
    while True:
        packs += session.execute(session.sql.FREE_PACKS).rowcount
        if not session.execute(session.sql.FREE_COPIES).rowcount:
            return packs


def _remove(session: Session, these: Sequence[str], since: int) -> int:
    """Remove blobs, but those that an event behind a position refers to: it may have come after the scan."""
    named = {"wanted": json.dumps(sorted(set(these).difference(_referred(session, since))))}
    return session.execute(session.sql.REMOVE_BLOBS, named).rowcount
