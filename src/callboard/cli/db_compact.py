"""`callboard db compact`: make the database's file as small as what is in it."""

from typing import Annotated

import typer

from callboard.bootstrap.compacting import compact_database
from callboard.cli.process import DONE, guarded, settings
from callboard.cli.streams import give_json, say


def compact(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Make the database's file as small as what is in it, after `callboard archive put`. Who writes meanwhile waits; it needs
    as much room on the disk again as the file takes afterwards.
    """

    def body() -> int:
        before, after = compact_database(settings())
        if as_json:
            give_json({"bytes_before": before, "bytes": after})
        else:
            say(f"{before} bytes before, {after} bytes now.")
        return DONE

    guarded(body)
