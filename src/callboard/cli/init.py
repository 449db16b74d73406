"""`callboard init`: a first agent that runs."""

from pathlib import Path
from typing import Annotated

import typer

from callboard.bootstrap import scaffold
from callboard.cli.process import DONE, give, guarded, say

app = typer.Typer(rich_markup_mode=None)


@app.command()
def init(
    directory: Annotated[Path, typer.Argument(help="Where .agents/ is made.")] = Path(),
) -> None:
    """Scaffold .agents/ with a commented example that runs; existing files are left alone."""

    def work() -> int:
        made = scaffold(directory)
        for path in made.written:
            give(str(path))
        for path in made.kept:
            say(f"{path} was there and stays as it is")
        say("Try it: callboard agents list, then callboard run repo-guide")
        return DONE

    guarded(work)
