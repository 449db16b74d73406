"""`callboard runs`: what ran, what it did, and how to go on."""

from pathlib import Path
from typing import Annotated

import typer

from callboard.cli.comparing import show_at, show_difference
from callboard.cli.export import destination, text_of, write_export
from callboard.cli.process import DONE, FAILED, guarded, with_app
from callboard.cli.program import program
from callboard.cli.resume import resume_all, resume_one, sources_of
from callboard.cli.run import report
from callboard.cli.run_rows import print_rows, row_json, verification_json
from callboard.cli.streams import give, give_json, give_json_text, say
from callboard.cli.thread import print_thread
from callboard.domain.errors import ConfigurationInvalid
from callboard.domain.org.principal import Principal
from callboard.ports.event_store import RunsWanted
from callboard.usecases.app import App
from callboard.usecases.export_run import ExportRun
from callboard.usecases.fork_run import ForkRun, fork_run
from callboard.usecases.runs import (
    cancel_run,
    find_run,
    list_runs,
    show_run,
    stopped_runs,
    stored_events,
)
from callboard.usecases.steer_run import steer_run
from callboard.usecases.verify_run import verify_run

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, add_completion=False)

STATUSES = ("running", "waiting", "completed", "failed", "cancelled")

RunId = Annotated[str, typer.Argument(help="The run's id.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.callback()
def runs() -> None:
    """List, show, compare, steer, resume, cancel, fork, verify and export runs."""


@app.command("list")
def list_(
    status: Annotated[
        list[str] | None, typer.Option(help=f"Only runs with this status: {', '.join(STATUSES)}.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=1_000_000, help="Most rows.")] = 50,
    json_output: Json = False,
) -> None:
    """List runs, newest first."""

    async def work(app: App, who: Principal) -> int:
        rows = await list_runs(app, who, RunsWanted(statuses=_statuses(status), limit=limit))
        stopped = await stopped_runs(app, rows)
        if json_output:
            give_json([row_json(row) | {"stopped": row.run_id in stopped} for row in rows])
        elif rows:
            print_rows(rows, stopped, app.ports.clock.now())
        else:
            say(f"No runs. Try: {program()} demo")
        return DONE

    guarded(lambda: with_app(work))


def _statuses(given: list[str] | None) -> tuple[str, ...]:
    for status in given or ():
        if status not in STATUSES:
            raise ConfigurationInvalid(f"--status {status}: use one of {', '.join(STATUSES)}")
    return tuple(given or ())


@app.command()
def show(
    run_id: RunId,
    at: Annotated[
        int | None, typer.Option(help="Show the run as it was after this event instead.")
    ] = None,
    json_output: Json = False,
) -> None:
    """Show a run: its thread, or with --json its events, one a line."""

    async def work(app: App, who: Principal) -> int:
        if at is not None:
            return await show_at(app, who, run_id, at, as_json=json_output)
        if json_output:
            for sealed in await stored_events(app, who, run_id):
                give_json_text(sealed.body.decode())
        else:
            print_thread(await show_run(app, who, run_id))
        return DONE

    guarded(lambda: with_app(work))


@app.command()
def diff(
    left: Annotated[str, typer.Argument(help="A run.")],
    right: Annotated[str, typer.Argument(help="Another run.")],
    json_output: Json = False,
) -> None:
    """Compare two runs: what they did, what became of the files, what they cost."""
    guarded(
        lambda: with_app(
            lambda app, who: show_difference(app, who, left, right, as_json=json_output)
        )
    )


@app.command()
def steer(
    run_id: RunId, text: Annotated[str, typer.Argument(help="What to say to the agent.")]
) -> None:
    """Say something to a run that is under way; it reads it before its next answer."""

    async def work(app: App, who: Principal) -> int:
        await steer_run(app, who, run_id, text)
        say(f"Run {run_id} will read it before its next answer.")
        return DONE

    guarded(lambda: with_app(work))


@app.command()
def resume(
    run_id: Annotated[str | None, typer.Argument(help="The run's id.")] = None,
    agents: Annotated[
        list[Path] | None,
        typer.Option(help="Folder with definitions (default: those that the run started with)."),
    ] = None,
    all_runs: Annotated[
        bool, typer.Option("--all", help="Every unfinished run that no process drives.")
    ] = False,
    json_output: Json = False,
) -> None:
    """Continue a run whose process died, and exit as the run does."""

    def body() -> int:
        if all_runs:
            _refuse_both(run_id, agents)
            return with_app(lambda app, who: resume_all(app, who, as_json=json_output))
        if run_id is None:
            raise ConfigurationInvalid(
                "which run? Give its id (see `callboard runs list`), or --all"
            )
        return _resume(run_id, tuple(agents or ()), as_json=json_output)

    guarded(body)


def _resume(run_id: str, agents: tuple[Path, ...], *, as_json: bool) -> int:
    sources = sources_of(run_id, agents)
    return with_app(lambda app, who: resume_one(app, who, run_id, as_json=as_json), sources)


def _refuse_both(run_id: str | None, agents: list[Path] | None) -> None:
    if run_id is not None or agents:
        raise ConfigurationInvalid("--all takes neither a run's id nor --agents")


@app.command()
def cancel(
    run_id: RunId,
    reason: Annotated[str, typer.Option(help="Why, for the record.")] = "",
    json_output: Json = False,
) -> None:
    """End a run of this or another process, or one whose process died."""

    async def work(app: App, who: Principal) -> int:
        ended = await cancel_run(app, who, run_id, reason=reason)
        if json_output:
            give_json(row_json(await find_run(app, who, run_id)))
        else:
            report(ended, run_id, with_result=False)
        return DONE

    guarded(lambda: with_app(work))


@app.command()
def fork(
    run_id: RunId,
    at: Annotated[int, typer.Option(help="Position of the last event to keep.")],
    *,
    model: Annotated[str | None, typer.Option(help="Go on with another model.")] = None,
    prompt: Annotated[str | None, typer.Option(help="Go on with one more thing said.")] = None,
    new_id: Annotated[str | None, typer.Option("--run-id", help="Id of the new run.")] = None,
    json_output: Json = False,
) -> None:
    """Start a new run from a prefix of another one's log, on the files as they were then; `runs resume` drives
    it.
    """

    async def work(app: App, who: Principal) -> int:
        name = app.ids.run_id() if new_id is None else new_id
        wish = ForkRun(run_id, at, name, model=model, prompt=prompt)
        created = await fork_run(app, who, wish)
        if json_output:
            place = created.workspace
            give_json({"run_id": name, "forked_from": run_id, "at": at, "workspace": place})
        else:
            give(name)
            say(f"Its files are in {created.workspace}")
            say(f"Drive it with: {program()} runs resume {name}")
        return DONE

    guarded(lambda: with_app(work))


@app.command()
def verify(
    run_id: RunId,
    head: Annotated[str | None, typer.Option(help="Hash that the log must end in.")] = None,
    json_output: Json = False,
) -> None:
    """Check that nothing in a run's log was altered, deleted, reordered or cut off."""

    async def work(app: App, who: Principal) -> int:
        found = await verify_run(app, who, run_id, expected_head=head)
        if json_output:
            give_json(verification_json(found))
        elif found.problems:
            for problem in found.problems:
                give(problem)
        else:
            give(f"{run_id}: {found.events} events in {found.runs} logs verify")
            give(f"head {found.head_hash}")
        return FAILED if found.problems else DONE

    guarded(lambda: with_app(work))


@app.command()
def export(
    run_id: RunId,
    output: Annotated[
        Path | None, typer.Option(help="File to write (default: RUN.callboard; - for stdout).")
    ] = None,
    *,
    since: Annotated[
        Path | None,
        typer.Option(help="A checkpoint that was kept: show that the log continues it."),
    ] = None,
    files: Annotated[bool, typer.Option(help="With the recorded files.")] = True,
    json_output: Json = False,
) -> None:
    """Write a run, and everything that proves it, into one file; `callboard verify` checks it offline."""

    async def work(app: App, who: Principal) -> int:
        kept = None if since is None else text_of(since, "--since")
        place = destination(output, run_id, as_json=json_output)
        written = await write_export(app, who, ExportRun(run_id, files, kept), place)
        if json_output:
            give_json({"run_id": run_id, "file": str(place), **written})
        elif place is not None:
            give(str(place))
        return DONE

    guarded(lambda: with_app(work))
