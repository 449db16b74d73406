"""`callboard runs`: what ran, what it did, and how to go on."""

from pathlib import Path
from typing import Annotated

import typer

from callboard.cli.activity import money, one_line
from callboard.cli.process import (
    DONE,
    FAILED,
    exit_code,
    give,
    give_json,
    guarded,
    interruptible,
    say,
    with_app,
)
from callboard.cli.progress import JsonLines, Progress
from callboard.cli.run import report
from callboard.cli.thread import print_thread
from callboard.domain.actor import Actor
from callboard.domain.run_row import RunRow
from callboard.usecases.app import App
from callboard.usecases.fork_run import fork_run
from callboard.usecases.runs import (
    cancel_run,
    existing_row,
    list_runs,
    resume_run,
    show_run,
)
from callboard.usecases.verify_run import verify_run

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

RunId = Annotated[str, typer.Argument(help="The run's id.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.callback()
def runs() -> None:
    """List, show, resume, cancel, fork and verify runs."""


@app.command("list")
def list_(
    status: Annotated[list[str] | None, typer.Option(help="Only runs with this status.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="Most rows.")] = 50,
    json_output: Json = False,
) -> None:
    """List runs, newest first."""

    async def work(app: App, actor: Actor) -> int:
        rows = await list_runs(app, actor, statuses=tuple(status or ()), limit=limit)
        if json_output:
            give_json([row_json(row) for row in rows])
        else:
            for row in rows:
                give(_row_line(row))
        return DONE

    guarded(lambda: with_app(work))


@app.command()
def show(run_id: RunId, json_output: Json = False) -> None:
    """Show a run: its thread, or with --json its events, one a line."""

    async def work(app: App, actor: Actor) -> int:
        shown = await show_run(app, actor, run_id)
        if json_output:
            for sealed in shown.sealed:
                give(sealed.body.decode())
        else:
            print_thread(shown)
        return DONE

    guarded(lambda: with_app(work))


@app.command()
def resume(
    run_id: RunId,
    agents: Annotated[list[Path] | None, typer.Option(help="Folder with definitions.")] = None,
    json_output: Json = False,
) -> None:
    """Continue a run whose process died, and exit as the run does."""

    async def work(app: App, actor: Actor) -> int:
        if json_output:
            with app.ports.live.watching(JsonLines().event):
                ended, stopped = await interruptible(app, run_id, resume_run(app, actor, run_id))
            return exit_code(ended, interrupted=stopped)
        with (
            Progress(run_id, stream_text=True) as progress,
            app.ports.live.watching(progress.event, progress.delta),
        ):
            ended, stopped = await interruptible(app, run_id, resume_run(app, actor, run_id))
        report(ended, run_id)
        return exit_code(ended, interrupted=stopped)

    guarded(lambda: with_app(work, workspace=_workspace_of(run_id), agents=tuple(agents or ())))


def _workspace_of(run_id: str) -> Path | None:
    """Return the directory that a run works in: its definitions are found there."""
    found: list[Path] = []

    async def look(app: App, actor: Actor) -> int:
        del actor
        found.append(Path((await existing_row(app, run_id)).workspace))
        return DONE

    with_app(look)
    return found[0]


@app.command()
def cancel(
    run_id: RunId,
    reason: Annotated[str, typer.Option(help="Why, for the record.")] = "",
    json_output: Json = False,
) -> None:
    """End a run of this or another process, or one whose process died."""

    async def work(app: App, actor: Actor) -> int:
        ended = await cancel_run(app, actor, run_id, reason=reason)
        if json_output:
            give_json(row_json(await existing_row(app, run_id)))
        else:
            report(ended, run_id)
        return DONE

    guarded(lambda: with_app(work))


@app.command()
def fork(
    run_id: RunId,
    at: Annotated[int, typer.Option(help="Position of the last event to keep.")],
    new_id: Annotated[str | None, typer.Option("--run-id", help="Id of the new run.")] = None,
    json_output: Json = False,
) -> None:
    """Start a new run from a prefix of another one's log; `runs resume` drives it."""

    async def work(app: App, actor: Actor) -> int:
        name = new_id or app.ids.run_id()
        await fork_run(app, actor, run_id, at=at, new_id=name)
        if json_output:
            give_json({"run_id": name, "forked_from": run_id, "at": at})
        else:
            give(name)
            say(f"Drive it with: callboard runs resume {name}")
        return DONE

    guarded(lambda: with_app(work))


@app.command()
def verify(
    run_id: RunId,
    head: Annotated[str | None, typer.Option(help="Hash that the log must end in.")] = None,
    json_output: Json = False,
) -> None:
    """Check that nothing in a run's log was altered, deleted, reordered or cut off."""

    async def work(app: App, actor: Actor) -> int:
        found = await verify_run(app, actor, run_id, expected_head=head)
        if json_output:
            give_json(
                {
                    "run_id": found.run_id,
                    "ok": not found.problems,
                    "runs": found.runs,
                    "events": found.events,
                    "head": found.head_hash,
                    "problems": list(found.problems),
                }
            )
        elif not found.problems:
            give(f"{run_id}: {found.events} events in {found.runs} logs verify")
            give(f"head {found.head_hash}")
        for problem in () if json_output else found.problems:
            give(problem)
        return FAILED if found.problems else DONE

    guarded(lambda: with_app(work))


def row_json(row: RunRow) -> dict[str, object]:
    """Return a run's projection as commands print it."""
    fields = row.model_dump(mode="json", exclude={"bill"})
    total = row.bill.total_usd
    return {**fields, "cost_usd": None if total is None else float(total)}


def _row_line(row: RunRow) -> str:
    when = row.created_at.astimezone().strftime("%Y-%m-%d %H:%M")
    return "  ".join(
        [
            row.run_id.ljust(26),
            row.status.ljust(9),
            when,
            money(row.bill).rjust(9),
            one_line(row.title, 40),
        ]
    )
