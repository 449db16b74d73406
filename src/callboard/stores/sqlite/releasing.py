"""Giving back many claims in one statement: see `at_once`."""

from collections.abc import Sequence
from typing import Final

import orjson

from callboard.stores.relational.jobs import Release
from callboard.stores.relational.session import Session

_RELEASE: Final = (
    "UPDATE run SET owner = NULL FROM json_each(:claims) WHERE run.run_id = json_extract(value, '$[0]') "
    "AND run.epoch = json_extract(value, '$[1]') AND run.owner = json_extract(value, '$[2]')"
)


def release_many(session: Session, releases: Sequence[Release]) -> None:
    """Leave runs without an owner, if the claims are still those in force."""
    claims = [(claim.run_id, claim.epoch, owner) for claim, owner in releases]
    session.execute(_RELEASE, {"claims": orjson.dumps(claims).decode()})
