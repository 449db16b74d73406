"""`callboard service-accounts`: programs with rights of their own."""

from typing import Annotated

import typer

from callboard.cli.org import Json, account_json, joined, org_role
from callboard.cli.process import DONE, guarded, with_app
from callboard.cli.streams import give, give_json, say
from callboard.cli.table import table
from callboard.domain.org.principal import Principal
from callboard.usecases.app import App
from callboard.usecases.people import add_service_account, list_service_accounts

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, add_completion=False)


@app.callback()
def service_accounts() -> None:
    """See and add accounts of programs. They work with tokens and never decide in a person's place."""


@app.command()
def add(
    account_id: Annotated[str, typer.Argument(metavar="ID", help="Its short name.")],
    *,
    name: Annotated[str | None, typer.Option(help="Its name, as people read it.")] = None,
    role: Annotated[
        str | None, typer.Option(help="Its role in the organisation, if any: admin or member.")
    ] = None,
) -> None:
    """Create an account. `callboard tokens create NAME --for integration:ID` lets it in."""

    async def work(app: App, who: Principal) -> int:
        wanted = org_role(role)
        account = await add_service_account(app, who, account_id, name or account_id, wanted)
        say(f"{account.name} ({account.id}) is here; {account.owner} answers for it.")
        return DONE

    guarded(lambda: with_app(work))


@app.command("list")
def list_(json_output: Json = False) -> None:
    """List the accounts of programs."""

    async def work(app: App, who: Principal) -> int:
        found = await list_service_accounts(app, who)
        if json_output:
            give_json([account_json(one) for one in found])
        elif found:
            rows = [
                (one.id, one.name, one.role or "-", one.owner, joined(one.joined_at, one.active))
                for one in found
            ]
            for line in table(("ID", "NAME", "ROLE", "OWNER", "SINCE"), rows):
                give(line)
        else:
            say("There are no service accounts. `callboard service-accounts add ID` creates one.")
        return DONE

    guarded(lambda: with_app(work))
