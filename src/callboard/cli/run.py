"""`callboard run`: one agent, one workspace."""

import json
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, cast

import typer

from callboard.cli.process import exit_code, give_json, guarded, interruptible, say, with_app
from callboard.cli.progress import JsonLines, Progress
from callboard.domain.actor import Actor
from callboard.domain.definition.agent import Limits
from callboard.domain.errors import ConfigurationInvalid
from callboard.domain.message import JsonObject
from callboard.domain.output import LastMessage
from callboard.domain.usage import usd
from callboard.runtime.children import Ended
from callboard.usecases.app import App
from callboard.usecases.start_run import StartRun, start_run

app = typer.Typer(rich_markup_mode=None)


@app.command()
def run(
    agent: Annotated[str, typer.Argument(help="The agent's id.")],
    prompt: Annotated[str | None, typer.Argument(help="What to do.")] = None,
    params: Annotated[str | None, typer.Option(help="Parameters, as a JSON object.")] = None,
    agents: Annotated[
        list[Path] | None, typer.Option(help="Folder with definitions (default: .agents).")
    ] = None,
    workspace: Annotated[
        Path, typer.Option(help="Directory to work in; tools see nothing above it.")
    ] = Path(),
    max_turns: Annotated[int | None, typer.Option(min=1, help="Most model answers.")] = None,
    budget: Annotated[str | None, typer.Option(help="Most to spend, in US dollars.")] = None,
    run_id: Annotated[str | None, typer.Option(help="Id of the run (default: a new one).")] = None,
    json_output: Annotated[
        bool, typer.Option("--json", help="Print events, one JSON object a line.")
    ] = False,
) -> None:
    """Run one agent in a workspace."""

    async def work(app: App, actor: Actor) -> int:
        wish = StartRun(
            run_id=run_id or app.ids.run_id(),
            agent=agent,
            workspace=str(workspace.absolute()),
            prompt=prompt,
            params=_params(params),
            limits=Limits(turns=max_turns, cost_usd=_budget(budget)),
        )
        ended, interrupted = await watched(app, actor, wish, as_json=json_output)
        if not json_output:
            report(ended, wish.run_id)
        return exit_code(ended, interrupted=interrupted)

    guarded(lambda: with_app(work, workspace=workspace, agents=tuple(agents or ())))


async def watched(app: App, actor: Actor, wish: StartRun, *, as_json: bool) -> tuple[Ended, bool]:
    """Run an agent while people or programs watch."""
    if as_json:
        with app.ports.live.watching(JsonLines().event):
            return await interruptible(app, wish.run_id, start_run(app, actor, wish))
    with (
        Progress(wish.run_id, stream_text=True) as progress,
        app.ports.live.watching(progress.event, progress.delta),
    ):
        return await interruptible(app, wish.run_id, start_run(app, actor, wish))


def report(ended: Ended, run_id: str) -> None:
    """Tell people how a run ended: its result on stdout where it was not streamed, the rest on stderr."""
    if ended.terminal is None:
        say(f"Run {run_id} waits for a decision: callboard inbox show {run_id}")
        return
    output = ended.terminal.output
    if ended.terminal.type == "run.completed" and not isinstance(output, LastMessage):
        give_json(output.model_dump(mode="json")["value"])
    cost = ended.terminal.cost_usd
    spent = "cost unknown" if cost is None else f"${cost:.4f}"
    say(f"Run {run_id}: {ended.terminal.type.removeprefix('run.')}, {spent}")


def _params(text: str | None) -> JsonObject | None:
    if text is None:
        return None
    try:
        value: object = json.loads(text)
    except ValueError as error:
        raise ConfigurationInvalid(f"--params is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise ConfigurationInvalid(f"--params must be a JSON object, found {type(value).__name__}")
    return cast("JsonObject", value)


def _budget(text: str | None) -> Decimal | None:
    if text is None:
        return None
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or value < 0:
        raise ConfigurationInvalid(f"--budget {text}: expected an amount in US dollars, like 0.50")
    return usd(value)
