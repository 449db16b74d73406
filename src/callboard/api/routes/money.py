"""Budgets and what was spent."""

from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from callboard.api.cursors import Page, Wanted
from callboard.api.once import OnceRoute
from callboard.api.shapes import Asked, BudgetView, UsageView
from callboard.engine.ledger import Axis, totals, whole
from callboard.entrance.asking import TheApp, Who
from callboard.usecases.spending import list_budgets, remove_budget, set_budget, usage_of

router = APIRouter(route_class=OnceRoute, tags=["money"])
_KIND = r"^(organisation|(space|run):.{1,300})$"


class BudgetAsked(Asked):
    """A limit in US dollars, for `organisation`, `space:ID` or `run:ID`."""

    account: Annotated[str, Field(pattern=_KIND, max_length=310)]
    limit_usd: Annotated[Decimal, Field(ge=0, le=1_000_000_000, decimal_places=9)]


class UsageReport(BaseModel):
    """What was spent, by one axis. The groups add up to the total."""

    by: Axis
    groups: dict[str, UsageView]
    total: UsageView


@router.get("/budgets")
async def list_seen(app: TheApp, who: Who, wanted: Wanted) -> Page[BudgetView]:
    """List budgets and what is left of them, by account."""
    found = sorted(await list_budgets(app, who), key=lambda one: one.account)
    cut, cursor = wanted.of_all(found, lambda one: (one.account,))
    return Page(items=[BudgetView.of(one) for one in cut], next_cursor=cursor)


@router.put("/budgets", status_code=204)
async def set_limit(app: TheApp, who: Who, body: BudgetAsked) -> None:
    """Give an account a limit, or another one."""
    await set_budget(app, who, body.account, body.limit_usd)


@router.delete("/budgets", status_code=204)
async def remove_limit(
    app: TheApp, who: Who, account: Annotated[str, Query(pattern=_KIND, max_length=310)]
) -> None:
    """Take an account's limit away."""
    await remove_budget(app, who, account)


@router.get("/usage")
async def usage(
    app: TheApp,
    who: Who,
    by: Annotated[Axis, Query(description="What to count by.")] = "model",
    run: Annotated[str | None, Query(max_length=128, description="Of this run only.")] = None,
) -> UsageReport:
    """Tell what was paid, and what it is worth at market prices."""
    entries = await usage_of(app, who, run)
    groups = {tag: UsageView.of(one) for tag, one in totals(entries, by).items()}
    return UsageReport(by=by, groups=groups, total=UsageView.of(whole(entries)))
