"""`callboard worker`: drive the tasks of the deployment from this terminal."""

import asyncio
import signal
from typing import Annotated

import typer

from callboard.bootstrap import open_rounds
from callboard.cli.process import DONE, guarded, settings, with_app
from callboard.cli.streams import say
from callboard.domain.org.principal import Principal
from callboard.usecases.app import App
from callboard.usecases.rounds import Hands
from callboard.usecases.worker import Worker

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
def worker(
    concurrency: Annotated[int, typer.Option(min=1, max=1000, help="Most tasks at a time.")] = 8,
    until_idle: Annotated[
        bool, typer.Option("--until-idle", help="End when all that is left waits for people.")
    ] = False,
) -> None:
    """Begin tasks when their time has come, keep what is under way going, and tell people, until interrupted."""

    async def work(app: App, who: Principal) -> int:
        del who
        hand = Worker(app, at_once=concurrency)
        rounds = open_rounds(settings(), app)
        if until_idle:
            await rounds.turn()
            await hand.idle()
            await rounds.turn()
            return DONE
        hands = Hands((hand, rounds))
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        await hands.start()
        say("At work. Ctrl-C ends it; what is under way can be taken up again.")
        await stop.wait()
        await hands.stop()
        return DONE

    guarded(lambda: with_app(work))
