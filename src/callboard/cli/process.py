"""What every command shares: settings, an app, an exit code, and no traceback for a user's mistake."""

import asyncio
import signal
from collections.abc import Awaitable, Callable

import typer

from callboard.bootstrap import Sources, build_app
from callboard.cli.mistakes import DONE, FAILED, INTERRUPTED, explained
from callboard.cli.streams import OUT, say
from callboard.domain.actor import Actor
from callboard.domain.org.principal import Principal, on_this_machine
from callboard.runtime.children import Ended
from callboard.settings import Settings, process_settings
from callboard.usecases.app import App

Work = Callable[[App, Principal], Awaitable[int]]


def settings() -> Settings:
    """Return this process's settings.

    Raises:
        ConfigurationInvalid: the environment holds something that cannot be used.
    """
    return process_settings()


def guarded(work: Callable[[], int]) -> None:
    """Run a command's body and leave with its exit code; a mistake becomes one message on stderr."""
    try:
        code = work()
    except KeyboardInterrupt:
        code = INTERRUPTED
    except Exception as error:  # noqa: BLE001 - raised again, unless it can be said in words for people
        code = explained(error)
    OUT.flush()
    if OUT.failure is not None:
        say(f"callboard: the result could not be written: {OUT.failure.strerror}")
        code = code or FAILED
    raise typer.Exit(code)


def with_app(work: Work, sources: Sources | None = None, told: Settings | None = None) -> int:
    """Build the app, do the work in an event loop, close the app, and return the exit code. `told`: settings other than
    those of this process.
    """
    config = told or settings()

    async def session() -> int:
        app = await build_app(config, sources or Sources())
        try:
            return await work(app, on_this_machine(config.user))
        finally:
            await app.close()

    return asyncio.run(session())


async def interruptible(app: App, run_id: str, work: Awaitable[Ended]) -> tuple[Ended, bool]:
    """Await a drive; SIGINT and SIGTERM end the run cleanly. Return how it stands and whether they came."""
    interrupted = False
    task = asyncio.ensure_future(work)

    def stop(name: str) -> None:
        nonlocal interrupted
        actor = Actor(kind="person", name=settings().user)
        if interrupted or not app.driver.cancel(run_id, actor, name):
            task.cancel()
        interrupted = True

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop, number.name)
    try:
        return await task, interrupted
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


def exit_code(ended: Ended, *, interrupted: bool) -> int:
    """Return the exit code that tells how a run stands."""
    if interrupted:
        return INTERRUPTED
    if ended.terminal is None or ended.terminal.type == "run.completed":
        return DONE
    return FAILED
