"""`callboard run`: one agent, one workspace."""

from pathlib import Path
from typing import Annotated

import typer

from callboard.bootstrap import Sources, read_policy
from callboard.cli.arguments import (
    absolute,
    attachments_of,
    budget_of,
    on_limit_of,
    params_of,
    prompt_of,
    workspace_of,
)
from callboard.cli.process import exit_code, guarded, interruptible, with_app
from callboard.cli.program import program
from callboard.cli.progress import JsonLines, Progress
from callboard.cli.sign_off import can_ask
from callboard.cli.story.story import Story
from callboard.cli.streams import give_json, say
from callboard.cli.text import dollars
from callboard.domain.definition.agent import Limits
from callboard.domain.org.principal import Principal
from callboard.domain.output import LastMessage
from callboard.runtime.children import Ended
from callboard.usecases.app import App
from callboard.usecases.spaces import find_space
from callboard.usecases.start_run import StartRun, start_run

app = typer.Typer(rich_markup_mode=None, add_completion=False)


Folders = Annotated[
    list[Path] | None,
    typer.Option("--agents", help="Folder with definitions; may be repeated (default: .agents)."),
]
Workspace = Annotated[Path, typer.Option(help="Directory to work in; tools see nothing above it.")]
Attached = Annotated[
    list[Path] | None,
    typer.Option(help="An image or a file to go with the prompt; may be repeated."),
]
Continued = Annotated[
    str | None, typer.Option("--continue", help="The run whose conversation this one continues.")
]
PolicyFile = Annotated[
    Path | None, typer.Option(help="File with rules that hold for this run beside the others.")
]
OnLimit = Annotated[
    str | None,
    typer.Option(help="Where a budget ends: `wait` for a person or `fail` (a terminal waits)."),
]

InSpace = Annotated[
    str,
    typer.Option(
        help="The space that the run belongs to: its agents, credentials, budget and members."
    ),
]


@app.command()
def run(
    agent: Annotated[str, typer.Argument(help="The agent's id.")],
    prompt: Annotated[str | None, typer.Argument(help="What to do.")] = None,
    *,
    params: Annotated[str | None, typer.Option(help="Parameters, as a JSON object.")] = None,
    agents: Folders = None,
    workspace: Workspace = Path(),
    attach: Attached = None,
    continued: Continued = None,
    policy: PolicyFile = None,
    max_turns: Annotated[int | None, typer.Option(min=1, help="Most model answers.")] = None,
    budget: Annotated[str | None, typer.Option(help="Most to spend, in US dollars.")] = None,
    on_limit: OnLimit = None,
    space: InSpace = "",
    run_id: Annotated[str | None, typer.Option(help="Id of the run (default: a new one).")] = None,
    json_output: Annotated[
        bool, typer.Option("--json", help="Print events, one JSON object a line.")
    ] = False,
) -> None:
    """Run one agent in a workspace."""

    def body() -> int:
        folders = tuple(map(absolute, agents or ()))
        place = workspace_of(workspace)
        attached = attachments_of(attach)  # not in the loop, where Ctrl-C would wait for a pipe

        async def work(app: App, who: Principal) -> int:
            if space:
                await find_space(app, who, space)
            wish = StartRun(
                run_id=app.ids.run_id() if run_id is None else run_id,
                agent=agent,
                workspace=str(place),
                prompt=prompt_of(prompt, alone=params is None and not attached),
                params=params_of(params),
                attachments=attached,
                previous=continued,
                limits=Limits(turns=max_turns, cost_usd=budget_of(budget)),
                folders=tuple(str(folder) for folder in folders),
                on_limit=on_limit_of(on_limit, is_interactive=can_ask()),
                rules=None if policy is None else read_policy(policy),
                space=space,
            )
            return await _watched(app, who, wish, as_json=json_output)

        return with_app(work, Sources(place, folders))

    guarded(body)


async def _watched(app: App, who: Principal, wish: StartRun, *, as_json: bool) -> int:
    """Run an agent while people or programs watch."""
    if as_json:
        with app.ports.live.watching(JsonLines().event):
            ended, stopped = await interruptible(app, wish.run_id, start_run(app, who, wish))
        return exit_code(ended, interrupted=stopped)
    with (
        Progress(Story(), text_of=wish.run_id) as progress,
        app.ports.live.watching(progress.event, progress.delta),
    ):
        ended, stopped = await interruptible(app, wish.run_id, start_run(app, who, wish))
    report(ended, wish.run_id)
    return exit_code(ended, interrupted=stopped)


def report(ended: Ended, run_id: str, *, with_result: bool = True) -> None:
    """Tell people how a run ended: a result that is no text on stdout, the rest on stderr."""
    if ended.terminal is None:
        say(f"Run {run_id} waits for a decision: {program()} inbox show {run_id}")
        return
    output = ended.terminal.output
    is_whole = ended.terminal.type == "run.completed" and not isinstance(output, LastMessage)
    if is_whole and with_result:
        give_json(output.model_dump(mode="json")["value"])
    cost = dollars(ended.terminal.cost_usd)
    say(f"Run {run_id}: {ended.terminal.type.removeprefix('run.')}, {cost}")
