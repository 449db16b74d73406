"""The audit log."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from callboard.api.cursors import Page, Wanted
from callboard.api.shapes import AuditView
from callboard.entrance.asking import TheApp, Who
from callboard.ports.records import AuditWanted
from callboard.usecases.audit import check_audit, list_audit

router = APIRouter(tags=["audit"])
Name = Query(max_length=300)


class AuditStanding(BaseModel):
    """Whether the log is as it was written; if not, where it is first wrong."""

    intact: bool
    first_wrong: int | None


@router.get("/audit")
async def list_entries(
    app: TheApp,
    who: Who,
    wanted: Wanted,
    *,
    actor: Annotated[str | None, Name] = None,
    kind: Annotated[str | None, Name] = None,
    key: Annotated[str | None, Name] = None,
    space: Annotated[str | None, Name] = None,
) -> Page[AuditView]:
    """List entries, the newest first: by this actor (`kind:name`), on this record, of this space."""
    record = (kind, key) if kind is not None and key is not None else None
    spaces = None if space is None else (space,)
    before = None if wanted.after is None else int(wanted.after[0])
    found = await list_audit(app, who, AuditWanted(record, actor, spaces, before, wanted.limit + 1))
    cut, cursor = wanted.page(found, lambda one: (str(one.position),))
    return Page(items=[AuditView.of(one) for one in cut], next_cursor=cursor)


@router.get("/audit/check")
async def check(app: TheApp, who: Who) -> AuditStanding:
    """Check that no entry was altered, and none is gone."""
    wrong = await check_audit(app, who)
    return AuditStanding(intact=wrong is None, first_wrong=wrong)
