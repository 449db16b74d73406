"""`callboard db backup`: copy the database while it is in use."""

from pathlib import Path
from typing import Annotated

import typer

from callboard.bootstrap.backup import back_up
from callboard.cli.process import DONE, guarded, settings
from callboard.cli.streams import give_json, say


def backup(
    file: Annotated[Path, typer.Argument(help="The file to write; it must not be there yet.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Copy the database to a file as it is at this moment, and check the copy. Who writes meanwhile may go on.

    The keys are not in it: keep `vault.key` and `log.key` of CALLBOARD_HOME, or what the environment has in their place,
    somewhere else.
    """

    def body() -> int:
        size = back_up(settings(), file)
        if as_json:
            give_json({"file": str(file), "bytes": size})
        else:
            say(
                f"{file}: {size} bytes, checked. The keys of the vault and of the log are not in it."
            )
        return DONE

    guarded(body)
