"""What waits for whoever asks: one list, ordered by what it unblocks."""

from datetime import datetime
from typing import Annotated, cast

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field, JsonValue

from callboard.api.cursors import Page, Wanted
from callboard.api.once import OnceRoute
from callboard.api.shapes import Asked, Dollars, Short
from callboard.domain.events.gate import Verdict
from callboard.domain.org.inbox import Deputy
from callboard.engine.inbox import Entry, Item
from callboard.entrance.asking import TheApp, Who
from callboard.entrance.running import Running
from callboard.usecases.batches import Choice, Outcome, decide_several
from callboard.usecases.decision import Decision
from callboard.usecases.deputies import list_deputies, name_deputy, remove_deputy
from callboard.usecases.inbox import archive, list_inbox, mark_read

router = APIRouter(route_class=OnceRoute, tags=["inbox"])
Names = Annotated[tuple[Annotated[str, Field(max_length=200)], ...], Field(max_length=500)]
Login = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]


class EntryView(BaseModel):
    """All that concerns whoever asks about one task, the weightiest first, and what waits behind it."""

    key: str
    items: tuple[Item, ...]
    unblocks: tuple[str, ...]
    spent_usd: Dollars
    since: datetime
    deadline: datetime | None
    read: bool
    archived: bool

    @classmethod
    def of(cls, entry: Entry) -> "EntryView":
        """Return the view of an entry."""
        return cls.model_validate(
            {name: getattr(entry, name) for name in cls.model_fields}, from_attributes=True
        )


class Marks(Asked):
    """Entries, and what they are to be: read or unread, archived or back."""

    keys: Names
    on: bool = True


class ChoiceAsked(Asked):
    """What is decided at one gate. `digest` is that of the gate as it was shown."""

    run_id: Annotated[str, Field(max_length=300)]
    digest: Annotated[str, Field(max_length=200)]
    verdict: Verdict
    note: Annotated[str, Field(max_length=20_000)] = ""
    answer: JsonValue = None
    as_deputy_of: Short | None = None


class Choices(Asked):
    """Several decisions, each bound to what was shown."""

    choices: Annotated[tuple[ChoiceAsked, ...], Field(min_length=1, max_length=100)]


class DeputyAsked(Asked):
    """Until when somebody decides in one's place, from now on where no beginning is given."""

    until: datetime
    since: datetime | None = None


@router.get("/inbox")
async def list_(
    app: TheApp, who: Who, archived: Annotated[bool, Query()] = False
) -> Page[EntryView]:
    """List what waits for whoever asks, the weightiest first."""
    found = await list_inbox(app, who, archived=archived)
    return Page(items=[EntryView.of(one) for one in found])


@router.post("/inbox/read", status_code=204)
async def read(app: TheApp, who: Who, body: Marks) -> None:
    """Mark entries as read, or as unread."""
    await mark_read(app, who, body.keys, read=body.on)


@router.post("/inbox/archive", status_code=204)
async def put_away(app: TheApp, who: Who, body: Marks) -> None:
    """Archive entries, or bring them back."""
    await archive(app, who, body.keys, archived=body.on)


@router.post("/inbox/decisions")
async def decide(app: TheApp, who: Who, request: Request, body: Choices) -> list[Outcome]:
    """Decide at several gates; one that is refused keeps no other from being recorded."""
    choices = [
        Choice(
            one.run_id, one.digest, Decision(one.verdict, one.note, one.answer), one.as_deputy_of
        )
        for one in body.choices
    ]
    outcomes = await decide_several(app, who, choices)
    cast("Running", request.app.state.running).wake()
    return outcomes


@router.get("/inbox/deputies")
async def deputies(app: TheApp, who: Who, wanted: Wanted) -> Page[Deputy]:
    """List whom one named, and who named oneself."""
    found = sorted(await list_deputies(app, who), key=lambda one: (one.person, one.deputy))
    cut, cursor = wanted.of_all(found, lambda one: (one.person, one.deputy))
    return Page(items=cut, next_cursor=cursor)


@router.put("/inbox/deputies/{deputy}")
async def name(app: TheApp, who: Who, deputy: Login, body: DeputyAsked) -> Deputy:
    """Let somebody decide in one's own place for a while."""
    return await name_deputy(app, who, deputy, until=body.until, since=body.since)


@router.delete("/inbox/deputies/{deputy}", status_code=204)
async def unname(app: TheApp, who: Who, deputy: Login) -> None:
    """Take that back."""
    await remove_deputy(app, who, deputy)
