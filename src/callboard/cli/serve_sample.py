"""`callboard serve --demo`: the sample organisation, from an empty directory to the end of the process."""

# ruff: noqa: PLC0415 - few serve the sample

import asyncio
import contextlib
import signal
import socket
import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING

from callboard.cli.process import DONE, INTERRUPTED
from callboard.cli.serving import serve_on
from callboard.cli.streams import say
from callboard.domain.errors import ConfigurationInvalid
from callboard.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Coroutine

_NAME = "callboard-demo-"


def serve_sample(config: Settings, listening: socket.socket, home: Path | None, pace: float) -> int:
    """Fill a home and serve it; return the exit code. Without a home a temporary one, which is taken away.

    Raises:
        ConfigurationInvalid: there is something in the home already, or it cannot be used.
    """
    with _home(home) as place:
        return asyncio.run(_served(config, listening, place, pace))


async def _served(config: Settings, listening: socket.socket, place: Path, pace: float) -> int:
    from callboard.sample.filling import fill, sample_settings
    from callboard.sample.receiver import Receiver
    from callboard.sample.rehearsal import rehearsal

    async with Receiver() as receiver:
        of_sample = sample_settings(config, place, receiver.url)
        say("Filling a sample organisation: its people, its agents, and sixty days of their work.")
        stopped = await _until_told(fill(of_sample, receiver.url))
        if stopped is not None:
            return stopped
        return await serve_on(of_sample, listening, rehearsal(pace))


async def _until_told(work: "Coroutine[None, None, None]") -> int | None:
    """Do something; return the exit code where the process is told to end before that is done."""
    task = asyncio.ensure_future(work)
    told: list[int] = []

    def stop(number: int) -> None:
        told.append(INTERRUPTED if number == signal.SIGINT else DONE)
        task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop, number)
    try:
        await task
    except asyncio.CancelledError:
        if not told:
            raise
    return told[0] if told else None


@contextlib.contextmanager
def _home(wanted: Path | None) -> Generator[Path]:
    """Give the directory that the sample is made in."""
    if wanted is None:
        with tempfile.TemporaryDirectory(prefix=_NAME, ignore_cleanup_errors=True) as made:
            yield Path(made).resolve()
        return
    home = wanted.expanduser().absolute()
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        taken = any(home.iterdir())
    except OSError as error:
        raise ConfigurationInvalid(
            f"--home {home} cannot be used: {error.strerror}; name an empty directory"
        ) from None
    if taken:
        raise ConfigurationInvalid(
            f"--demo makes up an organisation and touches no real one: {home} is not empty. Name an empty directory"
            " with --home, or leave it and CALLBOARD_HOME out for one that is taken away afterwards"
        )
    yield home
