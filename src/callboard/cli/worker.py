"""`callboard worker`: drive the tasks of the deployment from this terminal."""

import asyncio
import contextlib
import signal
from collections.abc import Generator
from dataclasses import replace
from typing import Annotated

import typer

from callboard import __version__
from callboard.bootstrap import open_rounds
from callboard.bootstrap.monitoring import probed
from callboard.cli.log import log_to_stderr
from callboard.cli.process import DONE, INTERRUPTED, guarded, settings, with_app
from callboard.cli.streams import say
from callboard.domain.org.principal import Principal
from callboard.usecases.app import App
from callboard.usecases.rounds import Hands
from callboard.usecases.worker import Worker

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
def worker(
    concurrency: Annotated[
        int, typer.Option(min=1, max=1000, help="Most tasks that this worker drives at a time.")
    ] = 8,
    grace: Annotated[
        float,
        typer.Option(
            min=0,
            max=3600,
            help="Seconds that a model call or a tool has to end when the worker is told to.",
        ),
    ] = 20.0,
    until_idle: Annotated[
        bool, typer.Option("--until-idle", help="End when all that is left waits for people.")
    ] = False,
) -> None:
    """Begin tasks when their time has come, keep what is under way going, and tell people, until interrupted. Told to
    end it begins nothing more, and leaves the rest to other workers; told twice, it ends at once.
    """

    async def until_told(app: App, who: Principal) -> int:
        del who
        log_to_stderr()
        hand, rounds = Worker(app, at_once=concurrency), open_rounds(settings(), app)
        hands = Hands((hand, rounds))
        async with probed(settings(), __version__, app, hands):
            return await _until_told(hands, grace)

    async def until_all_waits(app: App, who: Principal) -> int:
        del who
        log_to_stderr()
        hand, rounds = Worker(app, at_once=concurrency), open_rounds(settings(), app)
        await rounds.turn()
        await hand.idle()
        await rounds.turn()
        return DONE

    def body() -> int:
        if until_idle:  # whatever it begins it drives itself
            return with_app(until_all_waits, told=replace(settings(), dispatcher="embedded"))
        return with_app(until_told)

    guarded(body)


async def _until_told(hands: Hands, grace_s: float) -> int:
    """Work until there is a signal, then end in order; a second signal ends at once."""
    with _signals() as (end, at_once):
        await hands.start()
        say("At work. Ctrl-C ends it; what is under way can be taken up again.")
        await end.wait()
        say("Ending: nothing more is begun. Once more ends it at once.")
        ending = asyncio.ensure_future(hands.stop(grace_s))
        hurried = asyncio.ensure_future(at_once.wait())
        await asyncio.wait((ending, hurried), return_when=asyncio.FIRST_COMPLETED)
        hurried.cancel()
        if ending.done():
            await ending
            return DONE
        ending.cancel()
        await asyncio.gather(ending, return_exceptions=True)
        await hands.stop(0)
        return INTERRUPTED


@contextlib.contextmanager
def _signals() -> "Generator[tuple[asyncio.Event, asyncio.Event]]":
    """Give what the first signal sets, and what the second."""
    first, second = asyncio.Event(), asyncio.Event()

    def told() -> None:
        (second if first.is_set() else first).set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, told)
    try:
        yield first, second
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
