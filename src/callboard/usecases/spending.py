"""What was spent, on what; and limits."""

import asyncio
from collections.abc import Sequence
from decimal import Decimal

from callboard.domain.errors import RunArchived, UnknownThing
from callboard.domain.events.codec import unseal
from callboard.domain.org.principal import Principal, Resource, in_space
from callboard.engine.budgets import Standing, space_account
from callboard.engine.ledger import UsageEntry, usage_entries
from callboard.engine.words import exact_dollars
from callboard.ports.event_store import RunsWanted
from callboard.usecases.app import App, require, require_run, seen_spaces
from callboard.usecases.archive import Aside, archive_of, checked_logs
from callboard.usecases.recording import write

_MOST_RUNS = 10_000


async def usage_of(app: App, who: Principal, run_id: str | None = None) -> list[UsageEntry]:
    """Return the model calls of all runs, or of a run and everything below it.

    Raises:
        UnknownThing: no such run.
    """
    if run_id is not None:
        row = await require_run(app, who, "usage.read", run_id)
        entries = await _of_trees(app, [row.root_id])
        return [one for one in entries if f"{one.run_id}.".startswith(f"{run_id}.")]
    spaces = seen_spaces(who, "usage.read")
    roots = await app.ports.store.rows(RunsWanted(spaces=spaces, limit=_MOST_RUNS))
    return await _of_trees(app, [root.run_id for root in roots])


async def _of_trees(app: App, root_ids: Sequence[str]) -> list[UsageEntry]:
    """Return the model calls of root runs and of all below them: of those that were put away, as their files have them."""
    found: list[UsageEntry] = []
    away: dict[str, list[str]] = {}
    for root_id in root_ids:
        try:
            sealed = await app.ports.store.read_tree(root_id)
        except RunArchived as one:
            away.setdefault(one.file, []).append(root_id)
        else:
            found += usage_entries(unseal(entry) for entry in sealed)
    for file, those in away.items():
        found += await _of_file(app, file, those)
    return found


async def _of_file(app: App, name: str, root_ids: Sequence[str]) -> list[UsageEntry]:
    found: list[UsageEntry] = []
    async with Aside(archive_of(app.archive).folder.open(name)) as file:
        for root_id in root_ids:
            stored = await checked_logs(app.ports.store, file, root_id)
            sealed = stored.in_order(await asyncio.to_thread(file.order, root_id))
            found += usage_entries(unseal(entry) for entry in sealed)
    return found


async def list_budgets(app: App, who: Principal) -> list[Standing]:
    """Return all budgets: those of the organisation and of runs that brought one along."""
    spaces = seen_spaces(who, "usage.read")
    standings = await app.ports.budgets.standings()
    if spaces is None:
        return standings
    theirs = {space_account(space) for space in spaces}
    return [one for one in standings if one.account in theirs]


async def set_budget(app: App, who: Principal, account: str, limit_usd: Decimal) -> None:
    """Give an account a limit, or another one; it holds for the next model call of every run."""
    require(who, "budget.manage", _resource(account))
    await write(app, who, "budget.manage", note=f"{account}: at most {exact_dollars(limit_usd)}")
    await app.ports.budgets.set_limit(account, limit_usd)


async def remove_budget(app: App, who: Principal, account: str) -> None:
    """Take an account's limit away.

    Raises:
        UnknownThing: it has none.
    """
    require(who, "budget.manage", _resource(account))
    if not await app.ports.budgets.remove_limit(account):
        raise UnknownThing(f"{account!r} has no budget (see `callboard budgets list`)")
    await write(app, who, "budget.manage", note=f"{account}: no limit any more")


def _resource(account: str) -> Resource:
    return in_space(account.removeprefix("space:") if account.startswith("space:") else None)
