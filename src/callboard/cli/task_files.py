"""`callboard tasks attach|files|detach`: files given with a task."""

from pathlib import Path
from typing import Annotated

import typer

from callboard.cli.plain import plain
from callboard.cli.process import DONE, guarded, with_app
from callboard.cli.streams import give, give_json, say
from callboard.cli.table import table
from callboard.domain.errors import ConfigurationInvalid
from callboard.domain.org.principal import Principal
from callboard.usecases.app import App
from callboard.usecases.attachments import MOST_BYTES, attach, detach, list_attachments

Key = Annotated[str, typer.Argument(help="The task's key, such as AUTH-42.")]


def attach_files(
    key: Key, files: Annotated[list[Path], typer.Argument(help="Texts, images, PDF documents.")]
) -> None:
    """Give files with a task: its agents read them before they begin."""

    def body() -> int:
        read = [(path, _content(path)) for path in files]

        async def work(app: App, who: Principal) -> int:
            for path, content in read:
                given = await attach(app, who, key, path.name, content)
                say(f"{key}: {plain(given.name)} is file {given.number}, {given.media_type}.")
            return DONE

        return with_app(work)

    guarded(body)


def list_files(
    key: Key, json_output: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False
) -> None:
    """List the files given with a task."""

    async def work(app: App, who: Principal) -> int:
        found = await list_attachments(app, who, key)
        if json_output:
            give_json([one.model_dump(mode="json", exclude={"data"}) for one in found])
            return DONE
        rows = [
            (str(one.number), plain(one.name), one.media_type, f"{one.size:,}", one.actor.name)
            for one in found
        ]
        for line in table(("NUMBER", "NAME", "TYPE", "BYTES", "BY"), rows):
            give(line)
        return DONE

    guarded(lambda: with_app(work))


def detach_file(
    key: Key, number: Annotated[int, typer.Argument(help="The file's number.")]
) -> None:
    """Take a file away from a task. Runs that began with it keep it."""

    async def work(app: App, who: Principal) -> int:
        await detach(app, who, key, number)
        say("Taken away.")
        return DONE

    guarded(lambda: with_app(work))


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as opened:
            return opened.read(MOST_BYTES + 1)
    except OSError as error:
        raise ConfigurationInvalid(f"{path}: {error.strerror}") from None
