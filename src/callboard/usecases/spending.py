"""What was spent, on what; and limits."""

from collections.abc import Sequence
from decimal import Decimal

from callboard.domain.actor import Actor
from callboard.domain.errors import UnknownThing
from callboard.domain.events.codec import unseal
from callboard.engine.budgets import Standing
from callboard.engine.ledger import UsageEntry, usage_entries
from callboard.usecases.app import App, require
from callboard.usecases.runs import existing_row

_MOST_RUNS = 10_000


async def usage_of(app: App, actor: Actor, run_id: str | None = None) -> list[UsageEntry]:
    """Return the model calls of all runs, or of a run and everything below it.

    Raises:
        UnknownThing: no such run.
    """
    require(actor, "usage.read")
    if run_id is not None:
        row = await existing_row(app, run_id)
        entries = await _of_tree(app, row.root_id)
        return [one for one in entries if f"{one.run_id}.".startswith(f"{run_id}.")]
    roots = await app.ports.store.rows(limit=_MOST_RUNS)
    found: list[UsageEntry] = []
    for root in roots:
        found += await _of_tree(app, root.run_id)
    return found


async def _of_tree(app: App, root_id: str) -> Sequence[UsageEntry]:
    sealed = await app.ports.store.read_tree(root_id)
    return usage_entries(unseal(entry) for entry in sealed)


async def list_budgets(app: App, actor: Actor) -> list[Standing]:
    """Return all budgets: those of the organisation and of runs that brought one along."""
    require(actor, "usage.read")
    return await app.ports.budgets.standings()


async def set_budget(app: App, actor: Actor, account: str, limit_usd: Decimal) -> None:
    """Give an account a limit, or another one; it holds for the next model call of every run."""
    require(actor, "budget.manage")
    await app.ports.budgets.set_limit(account, limit_usd)


async def remove_budget(app: App, actor: Actor, account: str) -> None:
    """Take an account's limit away.

    Raises:
        UnknownThing: it has none.
    """
    require(actor, "budget.manage")
    if not await app.ports.budgets.remove_limit(account):
        raise UnknownThing(f"{account!r} has no budget (see `callboard budgets list`)")
