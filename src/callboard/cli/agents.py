"""`callboard agents`: who is there, what they are, and what is wrong with them."""

from pathlib import Path
from typing import Annotated

import typer

from callboard.bootstrap import Sources, open_registry, read_catalogue
from callboard.cli.definition import definition_lines
from callboard.cli.mistakes import MISTAKE
from callboard.cli.process import DONE, guarded, settings, with_app
from callboard.cli.publishing import diff, publish, yank
from callboard.cli.streams import give, give_json, say
from callboard.cli.table import table
from callboard.cli.text import count
from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.errors import Problem
from callboard.domain.org.principal import Principal
from callboard.usecases.app import App
from callboard.usecases.publish import released
from callboard.usecases.start_run import find_agent

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, add_completion=False)

Agents = Annotated[list[Path] | None, typer.Option(help="Folder with definitions.")]
Workspace = Annotated[Path, typer.Option(help="Directory whose .agents are read.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]

_NOTHING = "holds no definition of an agent"


@app.callback()
def agents() -> None:
    """List, show, validate and publish agent definitions."""


app.command()(publish)
app.command()(diff)
app.command()(yank)


@app.command("list")
def list_(agents: Agents = None, workspace: Workspace = Path(), json_output: Json = False) -> None:
    """List the agents that can be run here."""
    sources = Sources(workspace, tuple(agents or ()))
    registry = open_registry(settings(), sources)

    async def work(app: App, who: Principal) -> int:
        found = [(each.definition, each.file) for each in registry.loaded()]
        found += [(each.definition, each.reference) for each in await released(app, who)]
        if json_output:
            give_json([_listed(definition, place) for definition, place in found])
        else:
            rows = [(one.id, one.display_name, one.model, place) for one, place in found]
            for line in table(("AGENT", "NAME", "MODEL", "WHERE"), rows):
                give(line)
        _warn(registry.problems)
        return DONE

    guarded(lambda: with_app(work, sources))


def _listed(definition: AgentDefinition, place: str) -> dict[str, object]:
    return {
        "id": definition.id,
        "displayName": definition.display_name,
        "model": definition.model,
        "publisher": definition.publisher,
        "version": definition.version,
        "skills": list(definition.skills),
        "file": place,
    }


@app.command()
def show(
    agent: Annotated[str, typer.Argument(help="id, publisher/id or publisher/id@version.")],
    agents: Agents = None,
    workspace: Workspace = Path(),
    json_output: Json = False,
) -> None:
    """Show one agent's normalised definition."""

    async def work(app: App, who: Principal) -> int:
        del who
        definition = await find_agent(app, agent)
        if json_output:
            give_json(definition.to_json())
        else:
            for line in definition_lines(definition):
                give(line)
        return DONE

    guarded(lambda: with_app(work, Sources(workspace, tuple(agents or ()))))


@app.command()
def validate(
    paths: Annotated[list[Path] | None, typer.Argument(help="Files or folders.")] = None,
    json_output: Json = False,
) -> None:
    """Check definitions; every problem with file, field and what to do. Exits 2 if any is invalid, or where files are
    named of which none holds one.
    """

    def work() -> int:
        found = [read_catalogue(path, settings()) for path in paths or [Path(".agents")]]
        problems = [problem for one in found for problem in one.problems]
        if not problems and not any(one.definitions for one in found):
            problems = [Problem(str(path), "", _NOTHING) for path in paths or () if path.is_file()]
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
