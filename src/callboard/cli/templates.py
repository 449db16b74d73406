"""`callboard templates`: ready-made roles, to be used as they are or copied and changed."""

from pathlib import Path
from typing import Annotated

import typer

from callboard.bootstrap import copy_template
from callboard.cli.definition import definition_lines
from callboard.cli.plain import plain
from callboard.cli.process import DONE, guarded, with_app
from callboard.cli.program import program
from callboard.cli.streams import give, give_json, say
from callboard.cli.table import table
from callboard.domain.org.principal import Principal
from callboard.usecases.app import App
from callboard.usecases.role_templates import (
    NewTemplate,
    Template,
    find_role_template,
    list_role_templates,
    remove_template,
    save_template,
)

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, add_completion=False)

Id = Annotated[str, typer.Argument(help="The template's id.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.callback()
def templates() -> None:
    """List, show, copy and keep roles to start from. Those that come with Callboard run under their ids as they are."""


@app.command("list")
def list_(json_output: Json = False) -> None:
    """List the roles to start from: your organisation's own, and those that come with Callboard."""

    async def work(app: App, who: Principal) -> int:
        found = await list_role_templates(app, who)
        if json_output:
            give_json([_listed(one) for one in found])
            return DONE
        rows = [
            (
                one.definition.id,
                plain(one.definition.display_name),
                one.definition.model,
                ", ".join(one.definition.skills),
                "own" if one.own is not None else "",
            )
            for one in found
        ]
        for line in table(("TEMPLATE", "NAME", "MODEL", "SKILLS", ""), rows):
            give(line)
        return DONE

    guarded(lambda: with_app(work))


@app.command()
def show(template: Id, json_output: Json = False) -> None:
    """Show a role in full, with an example of a task for it."""

    async def work(app: App, who: Principal) -> int:
        found = await find_role_template(app, who, template)
        if json_output:
            give_json({"definition": found.definition.to_json(), "exampleTask": found.task})
            return DONE
        for line in definition_lines(found.definition):
            give(line)
        give(f"\nexample task\n{_indented(plain(found.task))}")
        return DONE

    guarded(lambda: with_app(work))


@app.command()
def use(
    template: Id,
    *,
    new_id: Annotated[str | None, typer.Option("--as", help="The id of the copy.")] = None,
    model: Annotated[
        str | None, typer.Option(help="Its model: vendor/model, alias/NAME or chain/NAME.")
    ] = None,
    folder: Annotated[Path, typer.Option("--dir", help="Where its file goes.")] = Path(".agents"),
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    json_output: Json = False,
) -> None:
    """Copy a role into a file of your own, to be changed; nothing is overwritten without --force."""

    async def work(app: App, who: Principal) -> int:
        found = await find_role_template(app, who, template)
        own = None if found.own is None else found.definition
        path = copy_template(template, folder, own=own, new_id=new_id, model=model, overwrite=force)
        if json_output:
            give_json({"file": str(path), "id": path.stem})
            return DONE
        give(str(path))
        say(f'Change it as you like, and run it: {program()} run {path.stem} "…"')
        return DONE

    guarded(lambda: with_app(work))


@app.command()
def save(
    agent: Annotated[str, typer.Argument(help="An agent of the roster.")],
    *,
    new_id: Annotated[str | None, typer.Option("--as", help="What the role is called.")] = None,
    version: Annotated[int | None, typer.Option(min=1, help="Of this version.")] = None,
    task: Annotated[str, typer.Option(help="An example of a task for it.")] = "",
    note: Annotated[str, typer.Option(help="Why.")] = "",
) -> None:
    """Keep an agent as a role that everybody can start from."""

    async def work(app: App, who: Principal) -> int:
        wish = NewTemplate(agent, version, new_id, task, note)
        saved = await save_template(app, who, wish)
        say(f"{saved.id} is a template.")
        return DONE

    guarded(lambda: with_app(work))


@app.command()
def remove(template: Id) -> None:
    """Keep a role of your own no longer. Agents that began with it stay as they are."""

    async def work(app: App, who: Principal) -> int:
        await remove_template(app, who, template)
        say("Removed.")
        return DONE

    guarded(lambda: with_app(work))


def _listed(template: Template) -> dict[str, object]:
    one = template.definition
    return {
        "own": template.own is not None,
        "id": one.id,
        "displayName": one.display_name,
        "model": one.model,
        "skills": list(one.skills),
        "spawnerPrompt": one.spawner_prompt,
    }


def _indented(text: str) -> str:
    return "\n".join(f"  {line}".rstrip() for line in text.strip().splitlines())
