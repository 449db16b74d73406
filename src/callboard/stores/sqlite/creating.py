"""Storing many new runs in a few statements, however many they are: see `places.together`."""

from collections.abc import Sequence
from typing import Final

import orjson

from callboard.domain.errors import CallboardError
from callboard.ports.event_store import Claim
from callboard.stores.relational.jobs import Creation
from callboard.stores.relational.session import Session
from callboard.stores.relational.work import columns_of_creation, fill, taken

_THERE: Final = (
    "SELECT json_group_array(run_id) FROM run "
    "WHERE run_id IN (SELECT value FROM json_each(:run_ids))"
)


def create_many(session: Session, creations: Sequence[Creation]) -> list[Claim | CallboardError]:
    """Store new runs, within a transaction; return for each its claim, or why it was refused."""
    asked = orjson.dumps([new.row.run_id for new in creations]).decode()
    (found,) = session.execute(_THERE, {"run_ids": asked}).fetchone()
    there = set(orjson.loads(found))
    outcomes: list[Claim | CallboardError] = []
    accepted: list[Creation] = []
    for new in creations:
        claim = new.claim
        if claim.run_id in there:
            outcomes.append(taken(claim.run_id))
            continue
        there.add(claim.run_id)
        accepted.append(new)
        outcomes.append(claim)
    session.executemany(session.sql.CREATE, [columns_of_creation(new) for new in accepted])
    fill(session, accepted)
    return outcomes
