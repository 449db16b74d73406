"""`callboard archive`: runs that ended long ago, in files beside the database."""

from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated

import typer

from callboard.cli.plain import one_line
from callboard.cli.process import DONE, FAILED, guarded, with_app
from callboard.cli.streams import give, give_json, give_json_text, say
from callboard.cli.table import table
from callboard.cli.thread import print_thread
from callboard.domain.errors import ConfigurationInvalid
from callboard.domain.events.codec import timestamp
from callboard.domain.org.principal import Principal
from callboard.usecases.app import App
from callboard.usecases.archive_check import CheckedFile, problems_of, verify_archive
from callboard.usecases.archive_look import archived_run, list_archive, search_archive
from callboard.usecases.archive_put import PutAway, PutReport, put_away

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, add_completion=False)

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.callback()
def archive() -> None:
    """Put runs away that ended long ago; list, show, search and verify what was put away."""


@app.command()
def put(
    before: Annotated[str, typer.Option(help="A day: runs that ended before it (UTC).")],
    *,
    files: Annotated[bool, typer.Option(help="With the recorded files.")] = True,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say which.")] = False,
    json_output: Json = False,
) -> None:
    """Move runs that ended before a day out of the database, into compressed files; exit 1 where one had to stay."""

    async def work(app: App, who: Principal) -> int:
        wish = PutAway(_day(before), files=files, dry_run=dry_run)
        report = await put_away(app, who, wish)
        if json_output:
            give_json(_report_json(report))
        else:
            _give_report(report, dry_run=dry_run)
        for left in report.left:
            say(f"Run {left.run_id} stays in the database: {left.why}")
        return FAILED if report.left else DONE

    guarded(lambda: with_app(work))


@app.command("list")
def list_(json_output: Json = False) -> None:
    """List the files, and how many runs lie in each."""

    async def work(app: App, who: Principal) -> int:
        found = await list_archive(app, who)
        if json_output:
            give_json([{**asdict(one), **_times(one.first_at, one.last_at)} for one in found])
        elif found:
            header = ("FILE", "RUNS", "PUT AWAY", "")
            rows = [
                (one.file, str(one.runs), _date(one.last_at), "" if one.is_there else "missing")
                for one in found
            ]
            for line in table(header, rows):
                give(line)
        else:
            say("Nothing was put away. See: callboard archive put --help")
        return DONE

    guarded(lambda: with_app(work))


@app.command()
def show(
    run_id: Annotated[str, typer.Argument(help="The run's id.")], json_output: Json = False
) -> None:
    """Show a run that was put away, as `runs show` does: its thread, or with --json its events."""

    async def work(app: App, who: Principal) -> int:
        shown, file = await archived_run(app, who, run_id)
        if json_output:
            for sealed in shown.sealed:
                give_json_text(sealed.body.decode())
        else:
            print_thread(shown)
            say(f"This run lies in {file}. Verify it: callboard archive verify {file}")
        return DONE

    guarded(lambda: with_app(work))


@app.command()
def search(
    text: Annotated[str, typer.Argument(help="What to look for; capitals do not matter.")],
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="Most events.")] = 100,
    json_output: Json = False,
) -> None:
    """Look for a text in all runs that were put away; with --json one object a line."""

    async def work(app: App, who: Principal) -> int:
        count = 0
        async for hit in search_archive(app, who, text, limit):
            count += 1
            if json_output:
                give_json(asdict(hit))
            else:
                give(f"{hit.run_id} {hit.seq} ({hit.file}): {one_line(hit.excerpt, 200)}")
        if count == limit:
            say(f"There may be more: only {limit} events are shown (--limit).")
        elif not count and not json_output:
            say("Nothing was found.")
        return DONE

    guarded(lambda: with_app(work))


@app.command()
def verify(
    file: Annotated[
        str | None, typer.Argument(help="A file, such as 2026-05.zip (default: all).")
    ] = None,
    json_output: Json = False,
) -> None:
    """Check that nothing was altered in a file, and that the database agrees; exit 1 with what is wrong."""

    async def work(app: App, who: Principal) -> int:
        found = await verify_archive(app, who, file)
        if json_output:
            give_json([{**asdict(one), "ok": not one.problems} for one in found])
        else:
            _give_checked(found)
        return FAILED if problems_of(found) else DONE

    guarded(lambda: with_app(work))


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ConfigurationInvalid(
            f"--before {text}: this is no day; write one such as 2026-05-31"
        ) from None


def _report_json(report: PutReport) -> dict[str, object]:
    return {
        "away": [{**asdict(one), "ended_at": timestamp(one.ended_at)} for one in report.away],
        "left": [asdict(one) for one in report.left],
        "blobs_removed": report.swept.blobs,
        "tables_removed": list(report.swept.tables),
        "packs_removed": report.swept.packs,
    }


def _give_report(report: PutReport, *, dry_run: bool) -> None:
    for one in report.away:
        where = f"  {one.file}" if one.file else ""
        give(f"{one.run_id}  {_date(one.ended_at)}  {one.runs} runs, {one.events} events{where}")
    count = len(report.away)
    if dry_run:
        say(f"{count} root runs would be put away.")
        return
    say(f"{count} root runs were put away; {report.swept.blobs} payloads are not needed any more.")
    if report.swept.packs:
        say(f"{report.swept.packs} packs of files that travelled are not needed any more.")
    if report.swept.tables:
        say(f"Empty tables were removed: {', '.join(report.swept.tables)}")


def _give_checked(found: list[CheckedFile]) -> None:
    for one in found:
        for problem in one.problems:
            give(problem)
        if not one.problems:
            give(f"{one.file}: {one.runs} root runs with {one.events} events verify")
        for note in one.notes:
            say(note)
    if not found:
        say("Nothing was put away.")


def _times(first: datetime | None, last: datetime | None) -> dict[str, str | None]:
    return {
        "first_at": None if first is None else timestamp(first),
        "last_at": None if last is None else timestamp(last),
    }


def _date(at: datetime | None) -> str:
    return "" if at is None else f"{at:%Y-%m-%d}"
