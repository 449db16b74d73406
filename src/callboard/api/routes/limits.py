"""Limits on what goes on at a time and in a minute."""

from typing import Annotated, Final, Self

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from callboard.api.cursors import Page, Wanted
from callboard.api.once import OnceRoute
from callboard.api.shapes import Asked
from callboard.engine.pacing import Limit
from callboard.entrance.asking import TheApp, Who
from callboard.usecases.limits import (
    MOST_A_MINUTE,
    MOST_AT_ONCE,
    MOST_TOKENS_A_MINUTE,
    Bounds,
    BoundsStanding,
    list_limits,
    remove_limit,
    set_limit,
)

router = APIRouter(route_class=OnceRoute, tags=["limits"])
_NAME: Final = r"^(provider|model|credential|agent|space):.{1,200}$"
_Minute = Annotated[int, Field(ge=1, le=MOST_A_MINUTE)]


class LimitAsked(Asked):
    """A limit for `provider:NAME`, `model:NAME`, `credential:NAME`, `agent:ID` or `space:ID`: at most `at_once` at a
    time, `per_minute` begun in a minute, `burst` of them in one moment (default: a tenth); model calls may come to
    `tokens_per_minute`, asked and answered.
    """

    name: Annotated[str, Field(pattern=_NAME, max_length=220)]
    at_once: Annotated[int, Field(ge=1, le=MOST_AT_ONCE)] | None = None
    per_minute: _Minute | None = None
    burst: _Minute | None = None
    tokens_per_minute: Annotated[int, Field(ge=1, le=MOST_TOKENS_A_MINUTE)] | None = None


class LimitView(BaseModel):
    """A limit, how much goes on under it, and how much may begin at this moment as far as the minute is concerned: `left`
    and `tokens_left`.
    """

    name: str
    at_once: int | None
    per_minute: int | None
    burst: int | None
    tokens_per_minute: int | None
    in_use: int
    left: int | None
    tokens_left: int | None

    @classmethod
    def of(cls, one: BoundsStanding) -> Self:
        """Return the view of a limit."""
        limit = one.bounds.limit
        return cls(
            name=limit.name,
            at_once=limit.at_once,
            per_minute=limit.per_minute,
            burst=limit.burst,
            tokens_per_minute=one.bounds.tokens_per_minute,
            in_use=one.in_use,
            left=one.left,
            tokens_left=one.tokens_left,
        )


@router.get("/limits")
async def list_seen(app: TheApp, who: Who, wanted: Wanted) -> Page[LimitView]:
    """List limits and what is left of them, by name."""
    found = await list_limits(app, who)
    cut, cursor = wanted.of_all(found, lambda one: (one.bounds.limit.name,))
    return Page(items=[LimitView.of(one) for one in cut], next_cursor=cursor)


@router.put("/limits", status_code=204)
async def set_one(app: TheApp, who: Who, body: LimitAsked) -> None:
    """Set a limit, or another one of its name."""
    limit = Limit(body.name, body.at_once, body.per_minute, body.burst)
    await set_limit(app, who, Bounds(limit, body.tokens_per_minute))


@router.delete("/limits", status_code=204)
async def remove_one(
    app: TheApp, who: Who, name: Annotated[str, Query(pattern=_NAME, max_length=220)]
) -> None:
    """Take a limit away."""
    await remove_limit(app, who, name)
