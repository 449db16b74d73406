"""`callboard import`: a team from a directory of files, the difference first."""

from pathlib import Path
from typing import Annotated

import typer

from callboard.bootstrap import read_bundle
from callboard.cli.process import DONE, guarded, with_app
from callboard.cli.streams import give, give_json, say
from callboard.cli.text import count
from callboard.domain.org.principal import Principal
from callboard.usecases.app import App
from callboard.usecases.exchange import Import, import_team, show_import
from callboard.usecases.incoming import ImportWish, Incoming

app = typer.Typer(rich_markup_mode=None, add_completion=False)

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("import")
def import_(
    directory: Annotated[Path, typer.Argument(help="What `callboard export` wrote.")],
    *,
    apply: Annotated[
        bool, typer.Option("--apply", help="Make the changes; without it they are only shown.")
    ] = False,
    edited: Annotated[
        bool, typer.Option("--edited", help="Also where files are not what the lock says.")
    ] = False,
    spaces: Annotated[
        list[str] | None,
        typer.Option("--space", help="New agents play in this space, wherever they did; again."),
    ] = None,
    note: Annotated[str, typer.Option(help="Why, for the record.")] = "",
    json_output: Json = False,
) -> None:
    """Show what a directory would change here, and change it with --apply: everything or nothing."""

    async def work(app: App, who: Principal) -> int:
        wish = ImportWish(read_bundle(directory), tuple(spaces or ()) or None, note, edited)
        done = await (import_team if apply else show_import)(app, who, wish)
        if json_output:
            give_json(_json(done))
        else:
            _tell(done)
        return DONE

    guarded(lambda: with_app(work))


def _tell(done: Import) -> None:
    for one in done.incoming:
        if one.diff:
            give(one.diff)
        say(_line(one))
    for name in done.edited:
        say(f"{name}: not what the lock says")
    changed = sum(one.change != "same" for one in done.incoming)
    if done.applied:
        say(f"{count(changed, 'change')} made.")
    elif changed:
        say(f"{count(changed, 'change')} to make; --apply makes them.")
    else:
        say("Everything is here already.")


def _line(one: Incoming) -> str:
    live = ", live" if one.live else ""
    return f"{one.kind} {one.id}: {one.change}, version {one.version}{live}"


def _json(done: Import) -> dict[str, object]:
    names = ("kind", "id", "change", "version", "live", "diff")
    return {
        "applied": done.applied,
        "edited": list(done.edited),
        "changes": [{name: getattr(one, name) for name in names} for one in done.incoming],
    }
