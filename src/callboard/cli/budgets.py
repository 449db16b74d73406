"""`callboard budgets`: limits, and what is left of them."""

from pathlib import Path
from typing import Annotated

import typer

from callboard.cli.arguments import budget_of
from callboard.cli.process import DONE, guarded, with_app
from callboard.cli.streams import give, give_json, say
from callboard.cli.table import table
from callboard.domain.errors import ConfigurationInvalid
from callboard.domain.org.principal import Principal
from callboard.domain.org.space import SPACES
from callboard.engine.budgets import ORGANISATION, Standing, space_account
from callboard.engine.words import exact_dollars
from callboard.usecases.app import App
from callboard.usecases.spending import list_budgets, remove_budget, set_budget

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, add_completion=False)

Account = Annotated[
    str, typer.Argument(help="`organisation`, `space:ID`, `space:DIRECTORY`, or `run:ID` of a run.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.callback()
def budgets() -> None:
    """See and set limits on what is spent."""


@app.command("list")
def list_(json_output: Json = False) -> None:
    """List budgets and what is left of them."""

    async def work(app: App, who: Principal) -> int:
        found = await list_budgets(app, who)
        if json_output:
            give_json([_json(one) for one in found])
        elif found:
            rows = [_cells(one) for one in found]
            for line in table(("ACCOUNT", "LIMIT", "SPENT", "RESERVED", "LEFT"), rows):
                give(line)
        else:
            say("There are no budgets. `callboard budgets set organisation USD` sets one.")
        return DONE

    guarded(lambda: with_app(work))


@app.command("set")
def set_(account: Account, usd: Annotated[str, typer.Argument(help="US dollars.")]) -> None:
    """Set a limit; it holds for the next model call of every run below the account."""

    async def work(app: App, who: Principal) -> int:
        limit = budget_of(usd)
        if limit is None:
            raise ConfigurationInvalid("how much? Give an amount in US dollars")
        name = await _account(app, account)
        await set_budget(app, who, name, limit)
        say(f"{name}: {exact_dollars(limit)}")
        return DONE

    guarded(lambda: with_app(work))


@app.command()
def remove(account: Account) -> None:
    """Take a limit away."""

    async def work(app: App, who: Principal) -> int:
        name = await _account(app, account)
        await remove_budget(app, who, name)
        say(f"{name} has no limit any more.")
        return DONE

    guarded(lambda: with_app(work))


async def _account(app: App, text: str) -> str:
    """Return an account by its full name: a space of the organisation by its id, any other by its whole path."""
    kind, _, name = text.partition(":")
    if text == ORGANISATION or (kind == "run" and name):
        return text
    if kind == "space" and name:
        is_kept = await app.records.get(SPACES, name) is not None
        return space_account(name if is_kept else _directory(name))
    raise ConfigurationInvalid(
        f"{text!r}: budgets are of `organisation`, `space:ID`, `space:DIRECTORY` or `run:ID`"
    )


def _directory(name: str) -> str:
    return str(Path(name).resolve())


def _cells(one: Standing) -> tuple[str, ...]:
    amounts = (one.limit_usd, one.spent_usd, one.reserved_usd, one.left_usd)
    return (one.account, *(f"${amount:.6f}" for amount in amounts))


def _json(one: Standing) -> dict[str, object]:
    return {
        "account": one.account,
        "limit_usd": float(one.limit_usd),
        "spent_usd": float(one.spent_usd),
        "reserved_usd": float(one.reserved_usd),
        "left_usd": float(one.left_usd),
    }
