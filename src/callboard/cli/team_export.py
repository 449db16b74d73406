"""`callboard export`: the team as a directory of files."""

from pathlib import Path
from typing import Annotated

import typer

from callboard.cli.process import DONE, guarded, with_app
from callboard.cli.streams import give, give_json
from callboard.definitions.bundle import write_bundle
from callboard.domain.org.principal import Principal
from callboard.usecases.app import App
from callboard.usecases.exchange import export_team

app = typer.Typer(rich_markup_mode=None, add_completion=False)

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def export(
    directory: Annotated[Path, typer.Argument(help="A new or empty one, or an earlier export.")],
    json_output: Json = False,
) -> None:
    """Write the roster and the workflows as files for review, with a lock. Keys never leave."""

    async def work(app: App, who: Principal) -> int:
        bundle = await export_team(app, who)
        written = write_bundle(bundle, directory)
        if json_output:
            give_json({"directory": str(directory), "files": list(written)})
        else:
            for name in written:
                give(name)
        return DONE

    guarded(lambda: with_app(work))
