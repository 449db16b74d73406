"""`callboard credentials`: keys that go in and do not come out again."""

from datetime import datetime
from typing import Annotated

import typer

from callboard.cli.process import DONE, guarded, with_app
from callboard.cli.secret_input import read_secret
from callboard.cli.streams import give, give_json, say
from callboard.cli.table import table
from callboard.cli.text import count
from callboard.domain.credential import Credential
from callboard.domain.errors import ConfigurationInvalid
from callboard.domain.org.principal import Principal
from callboard.engine.secret_values import MASK
from callboard.usecases.app import App
from callboard.usecases.credentials import (
    Stored,
    check_name,
    list_credentials,
    new_grant,
    read_scope,
    rekey_credentials,
    remove_credential,
    rotate_credential,
    set_credential,
)

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, add_completion=False)

Name = Annotated[str, typer.Argument(help="Its name, as definitions use it in `credential`.")]
_TAKES_MORE = {"allow_extra_args": True}  # a value given as one is refused in our own words
OneScope = Annotated[
    str | None, typer.Option("--scope", help="Which one, where the name is stored for several.")
]


@app.callback()
def credentials() -> None:
    """Store the keys that agents work with. A value goes in once and is never shown again."""


@app.command("set", context_settings=_TAKES_MORE)
def set_(
    context: typer.Context,
    name: Name,
    *,
    provider: Annotated[
        str,
        typer.Option(
            help="openrouter, anthropic, openai, gemini, self-hosted, command-host (a host that commands"
            " reach), or another service's name."
        ),
    ],
    scope: Annotated[
        str, typer.Option(help="Who may use it: org, space:NAME, agent:ID or agent:PUBLISHER/ID.")
    ] = "org",
    base_url: Annotated[
        str | None, typer.Option(help="The only address that the value is sent to.")
    ] = None,
) -> None:
    """Store a value, read from stdin or typed at a prompt, for the first time or anew."""

    def body() -> int:
        _refuse(context.args)
        grant = new_grant(name, provider, scope, base_url)
        value = read_secret(f"Value of {name}: ")

        async def work(app: App, who: Principal) -> int:
            return _tell(await set_credential(app, who, grant, value))

        return with_app(work)

    guarded(body)


@app.command(context_settings=_TAKES_MORE)
def rotate(context: typer.Context, name: Name, *, scope: OneScope = None) -> None:
    """Give a credential a new value, read from stdin or typed at a prompt."""

    def body() -> int:
        _refuse(context.args)
        check_name(name)
        wanted = None if scope is None else read_scope(scope)
        value = read_secret(f"New value of {name}: ")

        async def work(app: App, who: Principal) -> int:
            return _tell(await rotate_credential(app, who, name, wanted, value))

        return with_app(work)

    guarded(body)


@app.command()
def remove(name: Name, *, scope: OneScope = None) -> None:
    """Forget a credential."""

    def body() -> int:
        wanted = None if scope is None else read_scope(scope)

        async def work(app: App, who: Principal) -> int:
            say(f"{await remove_credential(app, who, name, wanted)} is removed.")
            return DONE

        return with_app(work)

    guarded(body)


@app.command()
def rekey() -> None:
    """Replace the key that everything is sealed with; the values stay as they are."""

    async def work(app: App, who: Principal) -> int:
        done = await rekey_credentials(app, who)
        say(f"The vault has a new key, {done.key_id}, in {done.place}.")
        say(
            f"{count(done.credentials, 'credential')} sealed with it; backups from before need the old one."
        )
        return DONE

    guarded(lambda: with_app(work))


@app.command("list")
def list_(
    json_output: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List what is stored, without the values."""

    async def work(app: App, who: Principal) -> int:
        stored = await list_credentials(app, who)
        if json_output:
            give_json([_credential_json(each) for each in stored])
        elif stored:
            header = ("NAME", "SCOPE", "PROVIDER", "ADDRESS", "VERSION", "STORED", "BY", "USED")
            for line in table(header, [_row(each) for each in stored]):
                give(line)
        else:
            say("No credential is stored.")
        return DONE

    guarded(lambda: with_app(work))


def _refuse(values: list[str]) -> None:
    if values:
        raise ConfigurationInvalid(
            "a value is never given as an argument: other processes can read it and the shell's history keeps"
            " it. Put it on stdin, or leave it out and type it at the prompt. If this was the value, replace it"
            " where it was issued"
        )


def _tell(stored: Stored) -> int:
    facts = stored.credential
    if stored.changed:
        say(f"{facts} is stored, version {facts.version}.")
    else:
        say(f"The value is a mask: {facts} is unchanged, version {facts.version}.")
    return DONE


def _row(each: Credential) -> tuple[str, ...]:
    stored = each.rotated_at or each.created_at
    names = (each.name, str(each.scope), each.provider, each.base_url or "-", str(each.version))
    return (*names, _time(stored), each.actor.name, _time(each.last_used_at))


def _time(moment: datetime | None) -> str:
    return "never" if moment is None else moment.astimezone().strftime("%Y-%m-%d %H:%M")


def _credential_json(each: Credential) -> dict[str, object]:
    return {
        "name": each.name,
        "scope": str(each.scope),
        "provider": each.provider,
        "base_url": each.base_url,
        "version": each.version,
        "value": MASK,
        "created_at": each.created_at.isoformat(),
        "stored_by": each.actor.name,
        "rotated_at": None if each.rotated_at is None else each.rotated_at.isoformat(),
        "last_used_at": None if each.last_used_at is None else each.last_used_at.isoformat(),
    }
