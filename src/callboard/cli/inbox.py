"""`callboard inbox`: what waits for a person."""

from typing import Annotated

import typer

from callboard.cli.activity import one_line, plain
from callboard.cli.process import (
    DONE,
    MISTAKE,
    exit_code,
    give,
    give_json,
    guarded,
    interruptible,
    say,
    with_app,
)
from callboard.cli.progress import Progress
from callboard.cli.run import report
from callboard.domain.actor import Actor
from callboard.domain.events.gate import Verdict
from callboard.usecases.app import App
from callboard.usecases.diff import diff_of
from callboard.usecases.gates import OpenGate, decide_gate, list_gates, open_gate

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

RunId = Annotated[str, typer.Argument(help="The run that waits.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.callback()
def inbox() -> None:
    """See what waits for a person, and decide."""


@app.command("list")
def list_(json_output: Json = False) -> None:
    """List open gates."""

    async def work(app: App, actor: Actor) -> int:
        gates = await list_gates(app, actor)
        if json_output:
            give_json([_gate_json(gate) for gate in gates])
        else:
            for gate in gates:
                give(
                    f"{gate.row.run_id.ljust(26)}  {gate.gate.reason.ljust(18)}  {one_line(gate.gate.question, 60)}"
                )
        return DONE

    guarded(lambda: with_app(work))


@app.command()
def show(run_id: RunId, json_output: Json = False) -> None:
    """Show what is to be decided, with the change where there is one."""

    async def work(app: App, actor: Actor) -> int:
        gate = await open_gate(app, actor, run_id)
        if json_output:
            give_json(_gate_json(gate))
        else:
            give(plain(gate.gate.question))
            give(plain(await diff_of(app, actor, gate.row.run_id)))
            say(f"Decide: callboard inbox decide {run_id} approve|reject [--note TEXT]")
        return DONE

    guarded(lambda: with_app(work))


@app.command()
def decide(
    run_id: RunId,
    verdict: Annotated[str, typer.Argument(help="approve or reject")],
    note: Annotated[str, typer.Option(help="Why; a rejection's note goes to the agent.")] = "",
) -> None:
    """Decide, and drive the run on."""
    chosen: Verdict
    match verdict:
        case "approve":
            chosen = "approve"
        case "reject":
            chosen = "reject"
        case _:
            say(f"callboard: {verdict!r} is no decision; use approve or reject")
            raise typer.Exit(MISTAKE)

    async def work(app: App, actor: Actor) -> int:
        gate = await open_gate(app, actor, run_id)
        with (
            Progress(gate.row.root_id, stream_text=False) as progress,
            app.ports.live.watching(progress.event, progress.delta),
        ):
            decided = decide_gate(
                app, actor, gate.row.run_id, chosen, note=note, digest=gate.gate.digest
            )
            ended, stopped = await interruptible(app, gate.row.root_id, decided)
        report(ended, gate.row.root_id)
        return exit_code(ended, interrupted=stopped)

    guarded(lambda: with_app(work))


def _gate_json(gate: OpenGate) -> dict[str, object]:
    return {
        "run_id": gate.row.run_id,
        "root_id": gate.row.root_id,
        "title": gate.row.title,
        **gate.gate.model_dump(mode="json", exclude={"v", "type"}),
    }
