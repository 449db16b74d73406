"""`callboard spaces`: what belongs together, and who belongs to it."""

from typing import Annotated

import typer

from callboard.cli.org import Json, account_of, changes_of, moment, space_json, space_role
from callboard.cli.process import DONE, guarded, with_app
from callboard.cli.streams import give, give_json, say
from callboard.cli.table import table
from callboard.cli.text import count
from callboard.domain.org.principal import Principal
from callboard.domain.org.space import Space
from callboard.usecases.app import App
from callboard.usecases.spaces import (
    NewSpace,
    change_space,
    create_space,
    find_space,
    list_spaces,
    set_member,
)

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, add_completion=False)

SpaceName = Annotated[str, typer.Argument(metavar="SPACE", help="The space's id.")]
Title = Annotated[str | None, typer.Option("--name", help="Its name, as people read it.")]
Description = Annotated[str | None, typer.Option(help="What it is about.")]
Repository = Annotated[
    str | None, typer.Option(help="The repository of tasks that name none; a path on the server.")
]
Workflow = Annotated[str | None, typer.Option(help="The workflow of tasks that name none.")]


@app.callback()
def spaces() -> None:
    """See and change spaces, and who belongs to them."""


@app.command()
def create(
    space_id: SpaceName,
    *,
    prefix: Annotated[str, typer.Option(help="What its tasks' keys begin with, such as AUTH.")],
    name: Title = None,
    description: Description = None,
    repository: Repository = None,
    workflow: Workflow = None,
) -> None:
    """Create a space."""

    async def work(app: App, who: Principal) -> int:
        wish = NewSpace(space_id, name or space_id, prefix, description or "", repository, workflow)
        space = await create_space(app, who, wish)
        say(f"{space.name} ({space.id}) is here; its tasks begin with {space.prefix}.")
        return DONE

    guarded(lambda: with_app(work))


@app.command("list")
def list_(json_output: Json = False) -> None:
    """List the spaces that are open."""

    async def work(app: App, who: Principal) -> int:
        found = await list_spaces(app, who)
        if json_output:
            give_json([space_json(one) for one in found])
        elif found:
            rows = [
                (one.id, one.name, one.prefix, str(len(one.members)), one.repository or "-")
                for one in found
            ]
            for line in table(("SPACE", "NAME", "PREFIX", "MEMBERS", "REPOSITORY"), rows):
                give(line)
        else:
            say("There are no spaces. `callboard spaces create ID --prefix KEY` creates one.")
        return DONE

    guarded(lambda: with_app(work))


@app.command()
def show(space_id: SpaceName, json_output: Json = False) -> None:
    """Show a space and who belongs to it."""

    async def work(app: App, who: Principal) -> int:
        space = await find_space(app, who, space_id)
        if json_output:
            give_json(space_json(space))
            return DONE
        for line in _lines(space):
            give(line)
        return DONE

    guarded(lambda: with_app(work))


@app.command("set")
def set_(
    space_id: SpaceName,
    *,
    name: Title = None,
    description: Description = None,
    repository: Repository = None,
    workflow: Workflow = None,
    at_once: Annotated[
        int | None, typer.Option(help="How many of its tasks are worked on at a time.")
    ] = None,
    archived: Annotated[
        bool | None, typer.Option("--archived/--open", help="Whether it is put away.")
    ] = None,
) -> None:
    """Change a space."""

    async def work(app: App, who: Principal) -> int:
        fields = changes_of(
            name=name,
            description=description,
            repository=repository,
            workflow=workflow,
            at_once=at_once,
            archived=archived,
        )
        space = await change_space(app, who, space_id, **fields)
        say(f"{space.name} ({space.id}) is changed.")
        return DONE

    guarded(lambda: with_app(work))


@app.command()
def members(
    space_id: SpaceName,
    account: Annotated[
        str | None, typer.Argument(help="A person's ID, or `integration:ID`; none: list them.")
    ] = None,
    *,
    role: Annotated[
        str | None, typer.Option(help="maintainer, contributor or viewer; `none` takes it away.")
    ] = None,
    json_output: Json = False,
) -> None:
    """List who belongs to a space, or give somebody a role in it."""

    async def work(app: App, who: Principal) -> int:
        if account is not None and role is not None:
            wanted = None if role == "none" else space_role(role)
            space = await set_member(app, who, space_id, account_of(account), wanted)
            say(f"{space.name} ({space.id}) has {count(len(space.members), 'member')}.")
            return DONE
        space = await find_space(app, who, space_id)
        named = [
            one for one in space.members if account is None or one.account == account_of(account)
        ]
        if json_output:
            give_json([one.model_dump(mode="json") for one in named])
        else:
            for line in table(("ACCOUNT", "ROLE"), [(one.account, one.role) for one in named]):
                give(line)
        return DONE

    guarded(lambda: with_app(work))


def _lines(space: Space) -> list[str]:
    facts = [
        f"{space.name} ({space.id}){', archived' if space.archived else ''}",
        f"tasks       {space.prefix}-{space.next_task} is the next; {space.at_once} at a time",
        f"repository  {space.repository or '-'}",
        f"workflow    {space.workflow or '-'}",
        f"since       {moment(space.created_at)}",
    ]
    if space.description:
        facts.append(f"about       {space.description}")
    return facts + [f"{one.role:<11} {one.account}" for one in space.members]
