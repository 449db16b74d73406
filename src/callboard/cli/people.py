"""`callboard people`: those who belong to the organisation."""

from typing import Annotated

import typer

from callboard.cli.org import Json, changes_of, joined, org_role, person_json
from callboard.cli.process import DONE, guarded, with_app
from callboard.cli.secret_input import read_secret
from callboard.cli.streams import give, give_json, say
from callboard.cli.table import table
from callboard.domain.org.principal import Principal
from callboard.usecases.app import App
from callboard.usecases.people import NewPerson, add_person, change_person, list_people
from callboard.usecases.signing_in import set_password

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, add_completion=False)

PersonId = Annotated[
    str, typer.Argument(metavar="ID", help="The short name that they sign in with.")
]
Role = Annotated[str | None, typer.Option(help="owner, admin or member.")]


@app.callback()
def people() -> None:
    """See and change who belongs to the organisation."""


@app.command()
def add(
    person_id: PersonId,
    *,
    name: Annotated[str | None, typer.Option(help="Their name, as others read it.")] = None,
    role: Role = None,
    email: Annotated[str | None, typer.Option(help="Their e-mail address.")] = None,
) -> None:
    """Let somebody join. `callboard people set-password ID` lets them sign in."""

    async def work(app: App, who: Principal) -> int:
        wish = NewPerson(person_id, name or person_id, org_role(role) or "member", email)
        person = await add_person(app, who, wish)
        say(f"{person.name} ({person.id}) is here, as {person.role}.")
        return DONE

    guarded(lambda: with_app(work))


@app.command("list")
def list_(json_output: Json = False) -> None:
    """List everybody who is or was here."""

    async def work(app: App, who: Principal) -> int:
        found = await list_people(app, who)
        if json_output:
            give_json([person_json(one) for one in found])
        elif found:
            rows = [
                (one.id, one.name, one.role, one.email or "-", joined(one.joined_at, one.active))
                for one in found
            ]
            for line in table(("ID", "NAME", "ROLE", "EMAIL", "SINCE"), rows):
                give(line)
        else:
            say("Nobody is here yet. `callboard people add ID --role owner` adds the first one.")
        return DONE

    guarded(lambda: with_app(work))


@app.command()
def change(
    person_id: PersonId,
    *,
    name: Annotated[str | None, typer.Option(help="Another name.")] = None,
    role: Role = None,
    email: Annotated[str | None, typer.Option(help="Another e-mail address.")] = None,
    active: Annotated[
        bool | None, typer.Option("--active/--inactive", help="Whether they are let in.")
    ] = None,
) -> None:
    """Change somebody's name, role or address, or whether they are let in."""

    async def work(app: App, who: Principal) -> int:
        fields = changes_of(name=name, role=org_role(role), email=email, active=active)
        person = await change_person(app, who, person_id, **fields)
        say(f"{person.name} ({person.id}): {person.role}{'' if person.active else ', inactive'}.")
        return DONE

    guarded(lambda: with_app(work))


@app.command("set-password")
def set_password_(person_id: PersonId) -> None:
    """Give somebody a password, read from stdin or typed at a prompt. Their sessions end."""

    def body() -> int:
        password = read_secret(f"Password of {person_id}: ")

        async def work(app: App, who: Principal) -> int:
            person = await set_password(app, who, person_id, password)
            say(f"{person.name} ({person.id}) has a password now.")
            return DONE

        return with_app(work)

    guarded(body)
