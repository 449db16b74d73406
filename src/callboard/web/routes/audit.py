"""The audit log: who changed what, from what, to what."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter
from pydantic import JsonValue
from starlette.responses import Response

from callboard.domain.record import AuditEntry, Difference
from callboard.ports.records import AuditWanted
from callboard.usecases.audit import check_audit, list_audit
from callboard.web.form_routes import FormRoute
from callboard.web.page import Page
from callboard.web.visit import At

router = APIRouter(route_class=FormRoute)
_AT_ONCE: Final = 100


@dataclass(frozen=True, slots=True)
class Changed:
    """One field of a record: what it was, and what it is."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class AuditPage(Page):
    """Entries of the log, the newest first. `first_wrong`: where it is not as it was written; None: nowhere, or it
    was not looked at (`checked`).
    """

    template = "audit.html"
    section = "audit"
    entries: Sequence[AuditEntry]
    actor: str
    record: str
    space: str
    older: int | None
    checked: bool
    first_wrong: int | None

    @property
    def title(self) -> str:
        """The heading."""
        return "Audit log"

    def fields_of(self, difference: Difference) -> list[Changed]:
        """Return what a change did, field by field."""
        before, after = _fields(difference.before), _fields(difference.after)
        names = sorted(before.keys() | after.keys())
        return [
            Changed(name, _shown(before.get(name)), _shown(after.get(name)))
            for name in names
            if before.get(name) != after.get(name)
        ]


@router.get("/audit")
async def audit(at: At) -> Response:
    """Show the log."""
    kind, _, key = at.query("record").partition("/")
    text = at.query("before")
    before = int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None
    wanted = AuditWanted(
        (kind, key) if kind and key else None,
        at.query("actor") or None,
        (at.query("space"),) if at.query("space") else None,
        before,
        _AT_ONCE + 1,
    )
    found = await list_audit(at.app, at.who, wanted)
    older = found[_AT_ONCE - 1].position if len(found) > _AT_ONCE else None
    checked = "check" in at.request.query_params
    wrong = await check_audit(at.app, at.who) if checked else None
    page = AuditPage(
        found[:_AT_ONCE],
        at.query("actor"),
        at.query("record"),
        at.query("space"),
        older,
        checked,
        wrong,
    )
    return await at.show(page)


def _fields(value: JsonValue) -> dict[str, JsonValue]:
    if isinstance(value, dict):
        return value
    return {} if value is None else {"value": value}


def _shown(value: JsonValue) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=1)
