"""`callboard tokens`: what programs come with. A token's text is shown once."""

from typing import Annotated

import typer

from callboard.cli.org import Json, account_of, moment
from callboard.cli.process import DONE, guarded, with_app
from callboard.cli.streams import give, give_json, say
from callboard.cli.table import table
from callboard.domain.actor import Actor
from callboard.domain.org.principal import Principal
from callboard.usecases.app import App
from callboard.usecases.tokens import (
    ListedToken,
    NewToken,
    create_token,
    list_tokens,
    revoke_token,
)

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, add_completion=False)

FOREVER = 0


@app.callback()
def tokens() -> None:
    """Create, list and revoke what programs come with."""


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="What it is for, as people read it.")],
    *,
    scope: Annotated[
        list[str],
        typer.Option(help="What it may do: `run.start`, `run.*`, `*.read`, `*`; may be repeated."),
    ],
    for_: Annotated[
        str | None, typer.Option("--for", help="`integration:ID` of a service account.")
    ] = None,
    days: Annotated[
        int, typer.Option(min=0, help="For how many days it is good; 0: until it is revoked.")
    ] = 90,
    json_output: Json = False,
) -> None:
    """Create a token and print its text: the only time that it is shown."""

    async def work(app: App, who: Principal) -> int:
        wish = NewToken(name, tuple(scope), days or None, _actor(for_))
        issued = await create_token(app, who, wish)
        if json_output:
            give_json(_json(ListedToken(issued.token, None)) | {"token": issued.text})
            return DONE
        give(issued.text)
        until = issued.token.expires_at
        end = "until it is revoked" if until is None else f"until {moment(until)}"
        say(f"Token {issued.token.id}, good {end}. It is not shown again.")
        return DONE

    guarded(lambda: with_app(work))


@app.command("list")
def list_(json_output: Json = False) -> None:
    """List tokens, without their texts."""

    async def work(app: App, who: Principal) -> int:
        found = await list_tokens(app, who, of_all=True)
        if json_output:
            give_json([_json(one) for one in found])
        elif found:
            header = ("ID", "NAME", "ACCOUNT", "SCOPES", "EXPIRES", "USED")
            for line in table(header, [_row(one) for one in found]):
                give(line)
        else:
            say("There are no tokens. `callboard tokens create NAME --scope '*.read'` creates one.")
        return DONE

    guarded(lambda: with_app(work))


@app.command()
def revoke(token_id: Annotated[str, typer.Argument(metavar="ID", help="Its id.")]) -> None:
    """Let a token in no more."""

    async def work(app: App, who: Principal) -> int:
        token = await revoke_token(app, who, token_id)
        say(f"Token {token.id} ({token.name}) is revoked.")
        return DONE

    guarded(lambda: with_app(work))


def _actor(text: str | None) -> Actor | None:
    if text is None:
        return None
    kind, _, name = account_of(text).partition(":")
    return Actor(kind="person" if kind == "person" else "integration", name=name)


def _row(one: ListedToken) -> tuple[str, ...]:
    token = one.token
    expires = "never" if token.expires_at is None else moment(token.expires_at)
    ends = "revoked" if token.revoked_at is not None else expires
    account = f"{token.account.kind}:{token.account.name}"
    return token.id, token.name, account, " ".join(token.scopes), ends, moment(one.used_at)


def _json(one: ListedToken) -> dict[str, object]:
    shown: dict[str, object] = one.token.model_dump(mode="json", exclude={"secret_sha256"})
    shown["used_at"] = None if one.used_at is None else one.used_at.isoformat()
    return shown
