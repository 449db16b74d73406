"""`callboard workflows`: check workflow files, put them to use, see what is live."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from callboard.cli.mistakes import MISTAKE
from callboard.cli.plain import plain
from callboard.cli.process import DONE, guarded, with_app
from callboard.cli.streams import give, give_json, say
from callboard.cli.table import table
from callboard.definitions.workflows import load_workflow
from callboard.domain.errors import DefinitionInvalid
from callboard.domain.org.principal import Principal
from callboard.domain.workflow import AgentStep, Step
from callboard.engine.tasks.conditions import met
from callboard.engine.tasks.evidence import wording
from callboard.engine.tasks.order import needs_by_step
from callboard.usecases.app import App
from callboard.usecases.workflows import (
    Flow,
    apply_workflow,
    diff_workflow,
    find_workflow,
    list_workflows,
    set_live_workflow,
    to_yaml,
    workflow_versions,
)

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, add_completion=False)

Name = Annotated[str, typer.Argument(help="The workflow's id.")]
File = Annotated[Path, typer.Argument(help="A .yaml or .json file.")]
Version = Annotated[int | None, typer.Option(help="This version in place of the live one.", min=1)]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.callback()
def workflows() -> None:
    """Check workflow files, put them to use, see what is live."""


@app.command()
def validate(
    files: Annotated[list[Path], typer.Argument(help="Workflow files.")], json_output: Json = False
) -> None:
    """Check workflow files: every problem with file, field and message; exit 2 if there is any."""

    def work() -> int:
        problems = [problem for file in files for problem in _problems(file)]
        if json_output:
            names = ("file", "field", "message")
            give_json([{name: getattr(one, name) for name in names} for one in problems])
        for problem in problems:
            say(str(problem))
        if not problems and not json_output:
            say(f"{len(files)} valid.")
        return MISTAKE if problems else DONE

    guarded(work)


@app.command("list")
def list_(json_output: Json = False) -> None:
    """List workflows: the organisation's own, and those that come with the product."""

    async def work(app: App, who: Principal) -> int:
        found = await list_workflows(app, who)
        if json_output:
            give_json([_json(flow) for flow in found])
            return DONE
        rows = [
            (
                flow.definition.id,
                "shipped" if flow.version is None else f"version {flow.version}",
                flow.space or "everywhere",
                " → ".join(step.id for step in flow.definition.steps),
            )
            for flow in found
        ]
        for line in table(("WORKFLOW", "LIVE", "WHERE", "STEPS"), rows):
            give(line)
        return DONE

    guarded(lambda: with_app(work))


@app.command()
def show(name: Name, version: Version = None, json_output: Json = False) -> None:
    """Show a workflow: its steps, who does each, what proves it, and its versions."""

    async def work(app: App, who: Principal) -> int:
        flow = await find_workflow(app, who, name, version)
        versions = [] if flow.version is None else await workflow_versions(app, who, name)
        if json_output:
            give_json(_json(flow) | {"versions": [one.number for one in versions]})
            return DONE
        live = "comes with the product" if flow.version is None else f"version {flow.version}"
        give(f"{flow.definition.id}  {plain(flow.definition.title)}  ({live})")
        needed = needs_by_step(flow.definition)
        for step in flow.definition.steps:
            for line in _step_lines(step, needed[step.id]):
                give(line)
        for one in versions:
            live = "  live" if one.number == flow.live else ""
            note = f"  {plain(one.note)}" if one.note else ""
            give(f"  version {one.number}  {one.at:%Y-%m-%d}  {plain(one.author.name)}{live}{note}")
        return DONE

    guarded(lambda: with_app(work))


@app.command()
def apply(
    file: File,
    space: Annotated[str | None, typer.Option(help="For this space only.")] = None,
    note: Annotated[str, typer.Option(help="What changed, for the record.")] = "",
    json_output: Json = False,
) -> None:
    """Make a file the live version of its workflow. Tasks that are under way keep theirs."""

    async def work(app: App, who: Principal) -> int:
        version = await apply_workflow(app, who, load_workflow(file), space=space, note=note)
        if json_output:
            give_json(version.model_dump(mode="json"))
        else:
            say(f"{version.workflow} version {version.number} is live.")
        return DONE

    guarded(lambda: with_app(work))


@app.command()
def diff(file: File) -> None:
    """Show how a file differs from the live version of its workflow."""

    async def work(app: App, who: Principal) -> int:
        give(await diff_workflow(app, who, load_workflow(file)))
        return DONE

    guarded(lambda: with_app(work))


@app.command()
def export(name: Name, version: Version = None) -> None:
    """Print a workflow as a file."""

    async def work(app: App, who: Principal) -> int:
        give(to_yaml((await find_workflow(app, who, name, version)).definition).rstrip("\n"))
        return DONE

    guarded(lambda: with_app(work))


@app.command("set-live")
def set_live(name: Name, version: Annotated[int, typer.Argument(min=1)]) -> None:
    """Make an earlier version live again."""

    async def work(app: App, who: Principal) -> int:
        flow = await set_live_workflow(app, who, name, version)
        say(f"{name} version {flow.version} is live.")
        return DONE

    guarded(lambda: with_app(work))


def _problems(file: Path) -> tuple[object, ...]:
    try:
        load_workflow(file)
    except DefinitionInvalid as error:
        return error.problems
    return ()


def _step_lines(step: Step, needed: Sequence[str]) -> list[str]:
    after = ", ".join(needed)
    lines = [
        f"  {step.id}: {plain(step.title)} ({_owner(step)})" + (f" after {after}" if after else "")
    ]
    if step.when is not None:
        lines.append(f"      when {plain(met(step.when))}")
    if isinstance(step, AgentStep):
        lines += [f"      proved by {plain(wording(check))}" for check in step.checks]
        if step.verdict is not None:
            accepted = " or ".join(step.verdict.accept)
            lines.append(f"      passed where {step.verdict.field} is {accepted}")
    if step.on_reject is not None:
        lines.append(f"      rejected: back to {step.on_reject}")
    return lines


def _owner(step: Step) -> str:
    if isinstance(step, AgentStep):
        return f"agent {step.agent}" if step.agent else f"whoever has {', '.join(step.skills)}"
    sign_off = step.approvers
    if sign_off is None:
        return "people"
    named = ", ".join((*sign_off.people, *sign_off.roles))
    return f"{sign_off.count} of {named}" if named else f"{sign_off.count} people"


def _json(flow: Flow) -> dict[str, object]:
    return {
        **flow.definition.model_dump(mode="json"),
        "version": flow.version,
        "live": flow.live,
        "space": flow.space,
        "shipped": flow.version is None,
    }
