"""`callboard init`: a first agent that runs."""

from pathlib import Path
from typing import Annotated

import typer

from callboard.bootstrap import scaffold
from callboard.cli.process import DONE, guarded
from callboard.cli.program import program
from callboard.cli.streams import give, give_json, say

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
def init(
    directory: Annotated[Path, typer.Argument(help="Where .agents/ is made.")] = Path(),
    typescript: Annotated[
        bool, typer.Option("--typescript", help="Also an agent in TypeScript, with its types.")
    ] = False,
    json_output: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Scaffold .agents/ with a commented example that runs; existing files are left alone."""

    def work() -> int:
        made = scaffold(directory, typescript=typescript)
        if json_output:
            written, kept = ([str(path) for path in paths] for paths in (made.written, made.kept))
            give_json({"written": written, "kept": kept})
            return DONE
        for path in made.written:
            give(str(path))
        for path in made.kept:
            say(f"{path} was there and stays as it is")
        say(
            "Try it:\n"
            f"  {program()} agents validate\n"
            f'  {program()} run repo-guide "Where do I start?"   (with OPENROUTER_API_KEY set)'
        )
        return DONE

    guarded(work)
