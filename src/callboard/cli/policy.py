"""`callboard policy`: the rules in force, and why a call was judged as it was."""

from pathlib import Path
from typing import Annotated

import typer

from callboard.bootstrap import Sources
from callboard.cli.plain import plain
from callboard.cli.process import DONE, guarded, with_app
from callboard.cli.streams import give, give_json, say
from callboard.domain.org.principal import Principal
from callboard.engine.permissions.explaining import spelt
from callboard.usecases.app import App
from callboard.usecases.explain import Explanation, explain_call, policy_for

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, add_completion=False)

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.callback()
def policy() -> None:
    """See the rules in force, and why a call was judged as it was."""


@app.command()
def show(
    workspace: Annotated[Path, typer.Option(help="Directory that runs work in.")] = Path(),
    json_output: Json = False,
) -> None:
    """Show the rules that hold for every run in a workspace, whoever starts it."""

    async def work(app: App, who: Principal) -> int:
        found = await policy_for(app, who, str(workspace.resolve()))
        if json_output:
            layers = [layer.model_dump(mode="json", by_alias=True) for layer in found.layers]
            give_json({"version": found.version, "layers": layers})
            return DONE
        for layer in found.layers:
            give(f"{layer.level}  {layer.name}")
            for rule in layer.rules:
                give(f"  {spelt(rule)}")
        if not found.layers:
            say("There are no rules beside those of the agents themselves.")
        return DONE

    guarded(lambda: with_app(work, Sources(workspace=workspace)))


@app.command()
def explain(
    run_id: Annotated[str, typer.Argument(help="A run.")],
    call_id: Annotated[str, typer.Argument(metavar="CALL", help="Id of one of its tool calls.")],
    json_output: Json = False,
) -> None:
    """Say which rule decided about a call, and why."""

    async def work(app: App, who: Principal) -> int:
        found = await explain_call(app, who, run_id, call_id)
        if json_output:
            give_json(_explanation_json(found))
        else:
            for line in _lines(found):
                give(plain(line))
        return DONE

    guarded(lambda: with_app(work))


def _lines(found: Explanation) -> list[str]:
    read = ", ".join(found.read) or "nothing from outside"
    return [
        f"{found.call.tool} {found.call.call_id}: {found.effect}",
        f"because    {found.why}",
        f"outcome    {found.outcome}",
        f"read       {read}",
        f"reach      {'may leave the workspace' if found.outside else 'the workspace'}",
        f"policy     {found.policy_version[:12]}",
        *(
            f"  {view.layer.level:<13} {view.effect:<6} {view.layer.name}: {view.why}"
            for view in found.layers
        ),
    ]


def _explanation_json(found: Explanation) -> dict[str, object]:
    return {
        "run_id": found.run_id,
        "call_id": found.call.call_id,
        "tool": found.call.tool,
        "arguments": found.call.arguments,
        "seq": found.seq,
        "effect": found.effect,
        "why": found.why,
        "outcome": found.outcome,
        "read": list(found.read),
        "outside": found.outside,
        "policy_version": found.policy_version,
        "layers": [
            {
                "level": view.layer.level,
                "name": view.layer.name,
                "effect": view.effect,
                "why": view.why,
                "rules": [rule.model_dump(mode="json", by_alias=True) for rule in view.rules],
            }
            for view in found.layers
        ],
    }
