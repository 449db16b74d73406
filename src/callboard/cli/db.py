"""`callboard db`: look at the tables of the database, and bring them to this version."""

import asyncio
from dataclasses import asdict
from typing import Annotated

import typer

from callboard.bootstrap import open_schema, prepare_dispatch
from callboard.cli.db_backup import backup
from callboard.cli.db_compact import compact
from callboard.cli.process import DONE, FAILED, guarded, settings
from callboard.cli.streams import give, give_json, say
from callboard.ports.schema_keeper import Upgraded
from callboard.settings import Settings

app = typer.Typer(rich_markup_mode=None, add_completion=False, no_args_is_help=True)
app.command("backup")(backup)
app.command("compact")(compact)

_AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@app.callback()
def group() -> None:
    """Look at the tables of the database, and bring them to this version."""


@app.command()
def check(*, as_json: _AsJson = False) -> None:
    """Say which database is in use and whether this version can use it. Changes nothing; exits 1 where it cannot."""

    def body() -> int:
        found = asyncio.run(open_schema(settings()).standing())
        if as_json:
            give_json(asdict(found) | {"usable": found.problem is None})
        else:
            give(f"{found.place} ({found.engine})")
            give(
                f"schema {found.revision or 'none yet'}; this version knows {found.newest} and needs {found.needed}"
            )
            give(found.problem or "It can be used.")
        return DONE if found.problem is None else FAILED

    guarded(body)


@app.command()
def upgrade(*, as_json: _AsJson = False) -> None:
    """Bring the tables to this version. What is at work may go on meanwhile."""

    def body() -> int:
        done = asyncio.run(_upgraded(settings()))
        if as_json:
            give_json(asdict(done))
        elif done.applied:
            give(f"applied {', '.join(done.applied)}")
        elif not done.waiting:
            give("The tables are those of this version.")
        if done.waiting:
            say(
                f"{', '.join(done.waiting)} would take away what processes of an older version at work still use: run this"
                " again when they have ended."
            )
        return DONE

    guarded(body)


async def _upgraded(config: Settings) -> Upgraded:
    done = await open_schema(config).upgrade()
    await prepare_dispatch(config)
    return done
