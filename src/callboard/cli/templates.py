"""`callboard templates`: ready-made roles, to be used as they are or copied and changed."""

from pathlib import Path
from typing import Annotated

import typer

from callboard.bootstrap import copy_template, role_template, role_templates
from callboard.cli.definition import definition_lines
from callboard.cli.process import DONE, guarded
from callboard.cli.program import program
from callboard.cli.streams import give, give_json, say
from callboard.cli.table import table
from callboard.domain.definition.agent import AgentDefinition

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, add_completion=False)

Id = Annotated[str, typer.Argument(help="The template's id.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.callback()
def templates() -> None:
    """List, show and copy ready-made roles. Each can be run under its id as it is."""


@app.command("list")
def list_(json_output: Json = False) -> None:
    """List the roles to start from."""

    def work() -> int:
        found = [each.definition for each in role_templates()]
        if json_output:
            give_json([_listed(one) for one in found])
            return DONE
        rows = [(one.id, one.display_name, one.model, ", ".join(one.skills)) for one in found]
        for line in table(("TEMPLATE", "NAME", "MODEL", "SKILLS"), rows):
            give(line)
        return DONE

    guarded(work)


@app.command()
def show(template: Id, json_output: Json = False) -> None:
    """Show a role in full, with an example of a task for it."""

    def work() -> int:
        found = role_template(template)
        if json_output:
            give_json({"definition": found.definition.to_json(), "exampleTask": found.task})
            return DONE
        for line in definition_lines(found.definition):
            give(line)
        give(f"\nexample task\n{_indented(found.task)}")
        return DONE

    guarded(work)


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

    def work() -> int:
        path = copy_template(template, folder, new_id=new_id, model=model, overwrite=force)
        if json_output:
            give_json({"file": str(path), "id": path.stem})
            return DONE
        give(str(path))
        say(f'Change it as you like, and run it: {program()} run {path.stem} "…"')
        return DONE

    guarded(work)


def _listed(one: AgentDefinition) -> dict[str, object]:
    return {
        "id": one.id,
        "displayName": one.display_name,
        "model": one.model,
        "skills": list(one.skills),
        "spawnerPrompt": one.spawner_prompt,
    }


def _indented(text: str) -> str:
    return "\n".join(f"  {line}".rstrip() for line in text.strip().splitlines())
