"""`callboard agents`: who is there, what they are, and what is wrong with them."""

from pathlib import Path
from typing import Annotated

import typer

from callboard.bootstrap import Sources, open_registry, read_catalogue
from callboard.cli.definition import definition_lines
from callboard.cli.process import DONE, MISTAKE, guarded, settings
from callboard.cli.streams import give, give_json, say
from callboard.cli.table import table
from callboard.cli.text import count
from callboard.domain.errors import Problem, UnknownThing

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, add_completion=False)

Agents = Annotated[list[Path] | None, typer.Option(help="Folder with definitions.")]
Workspace = Annotated[Path, typer.Option(help="Directory whose .agents are read.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.callback()
def agents() -> None:
    """List, show and validate agent definitions."""


@app.command("list")
def list_(agents: Agents = None, workspace: Workspace = Path(), json_output: Json = False) -> None:
    """List the agents that can be run here."""

    def work() -> int:
        registry = open_registry(settings(), Sources(workspace, tuple(agents or ())))
        loaded = registry.loaded()
        if json_output:
            give_json(
                [
                    {
                        "id": each.definition.id,
                        "displayName": each.definition.display_name,
                        "model": each.definition.model,
                        "skills": list(each.definition.skills),
                        "file": each.file,
                    }
                    for each in loaded
                ]
            )
        else:
            rows = [
                (each.definition.id, each.definition.display_name, each.definition.model, each.file)
                for each in loaded
            ]
            for line in table(("AGENT", "NAME", "MODEL", "FILE"), rows):
                give(line)
        _warn(registry.problems)
        return DONE

    guarded(work)


@app.command()
def show(
    agent: Annotated[str, typer.Argument(help="The agent's id.")],
    agents: Agents = None,
    workspace: Workspace = Path(),
    json_output: Json = False,
) -> None:
    """Show one agent's normalised definition."""

    def work() -> int:
        registry = open_registry(settings(), Sources(workspace, tuple(agents or ())))
        definition = registry.get(agent)
        if definition is None:
            _warn(registry.problems)
            known = ", ".join(each.id for each in registry.all())
            raise UnknownThing(f"agent {agent!r} was not found; known agents: {known}")
        if json_output:
            give_json(definition.to_json())
        else:
            for line in definition_lines(definition):
                give(line)
        return DONE

    guarded(work)


@app.command()
def validate(
    paths: Annotated[list[Path] | None, typer.Argument(help="Files or folders.")] = None,
    json_output: Json = False,
) -> None:
    """Check definitions; every problem with file, field and what to do. Exits 2 if any is invalid."""

    def work() -> int:
        found = [read_catalogue(path) for path in paths or [Path(".agents")]]
        problems = [problem for one in found for problem in one.problems]
        if json_output:
            give_json([_problem_json(problem) for problem in problems])
        else:
            for problem in problems:
                give(str(problem))
            for one in found:
                _warn(one.warnings, "warning")
                _warn(one.skipped, "skipped")
            valid = sum(len(one.definitions) for one in found)
            say(f"{valid} valid, {count(len(problems), 'problem')}")
        return MISTAKE if problems else DONE

    guarded(work)


def _problem_json(problem: Problem) -> dict[str, object]:
    return {"file": problem.file, "field": problem.field, "message": problem.message}


def _warn(problems: tuple[Problem, ...], kind: str = "not loaded") -> None:
    for problem in problems:
        say(f"{kind}: {problem}")
